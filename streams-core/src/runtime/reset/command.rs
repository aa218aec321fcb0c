//! A reset from the command line.

use std::io::Write;

use crate::error::{Error, ErrorKind, Result};
use crate::runtime::app::App;
use crate::runtime::reset::ResetTo;

const HELP: &str = "\
options of a reset:
  --dry-run   say what would be done, and do nothing
  --to WHERE  begin at `earliest` (default), `latest`, a timestamp in milliseconds, or offsets as
              `topic:partition:offset,...`
";

/// Does what `args` say, and writes it to `out`.
pub(in crate::runtime) fn run(
    app: &App,
    args: impl IntoIterator<Item = String>,
    out: &mut dyn Write,
) -> Result<()> {
    let (mut dry, mut to, mut args) = (false, ResetTo::Earliest, args.into_iter());
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--dry-run" => dry = true,
            "--to" => to = args.next().unwrap_or_default().parse()?,
            "--help" => return Ok(out.write_all(HELP.as_bytes())?),
            other => {
                let message = format!("there is no option `{other}` of a reset\n{HELP}");
                return Err(Error::new(ErrorKind::Config, message));
            }
        }
    }
    let plan = app.plan_reset(&to)?;
    write!(out, "{plan}")?;
    if dry {
        writeln!(out, "nothing was done")?;
        return Ok(());
    }
    plan.execute_with(&mut |step| Ok(writeln!(out, "{step}")?))?;
    writeln!(out, "done: the application begins anew when it is started")?;
    Ok(())
}
