//! What `/proc` tells of a process, and on which cores it may run.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;

use crate::Outcome;

/// User and system time of all threads so far, in seconds.
pub(crate) fn cpu(pid: u32) -> Outcome<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in brackets may have spaces.
    let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(ticks / ticks_per_second())
}

/// The most memory that it ever had, in bytes.
pub(crate) fn peak_memory(pid: u32) -> Outcome<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()).unwrap_or("0");
    Ok(kilobytes.parse::<f64>()? * 1024.0)
}

/// Time that all cores were busy so far, in seconds.
pub(crate) fn busy() -> Outcome<f64> {
    let text = fs::read_to_string("/proc/stat")?;
    let fields = text.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let numbers = fields.map(str::parse::<f64>).collect::<Result<Vec<_>, _>>()?;
    let busy: f64 = [0, 1, 2, 5, 6].iter().filter_map(|&field| numbers.get(field)).sum();
    Ok(busy / ticks_per_second())
}

/// Lets all threads of a process run on these cores only, as `taskset` takes them.
pub(crate) fn pin(pid: u32, cores: &str) -> Outcome<()> {
    let output = Command::new("taskset").args(["-a", "-p", "-c", cores, &pid.to_string()]).output()?;
    if output.status.success() { Ok(()) } else { Err("taskset failed".into()) }
}

/// Whether there is a core for each of two.
pub(crate) fn can_pin() -> bool {
    std::thread::available_parallelism().is_ok_and(|cores| cores.get() >= 2)
}

fn ticks_per_second() -> f64 {
    static TICKS: OnceLock<f64> = OnceLock::new();
    *TICKS.get_or_init(|| {
        let output = Command::new("getconf").arg("CLK_TCK").output().ok();
        output.and_then(|output| String::from_utf8_lossy(&output.stdout).trim().parse().ok()).unwrap_or(100.0)
    })
}
