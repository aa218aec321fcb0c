//! A state directory without space: the application says so, and goes on where it was when there is space again.

use crate::arena::Arena;
use crate::check::Checker;
use crate::job::{Job, Writer};
use crate::process::Process;

/// No file may grow beyond so many blocks of 512 bytes; the system then answers as a full disk does.
const SMALL: &str = "trap '' XFSZ; ulimit -f 700; exec \"$@\"";

#[test]
fn a_full_disk_is_an_error_that_names_the_directory_and_loses_nothing() {
    let _beside_others = Arena::beside_others();
    let arena = Arena::shared();
    let bootstrap = arena.cluster.bootstrap();
    let job = Job::new("full");
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, mut checker) = (Writer::create(&job, bootstrap), Checker::open(&job, bootstrap));
    let mut process = Process::new(&job, bootstrap, dir.path(), 0);
    process.start(None);
    writer.write(50);
    checker.catch_up(&writer.written).unwrap();
    process.stop().unwrap();

    process.prelude = Some(SMALL.to_owned());
    process.start(None);
    let mut status = process.status();
    for _ in 0..100 {
        writer.write(100);
        status =
            process.wait_within(std::time::Duration::from_millis(300), |status| status.ended.is_some()).0;
        if status.ended.is_some() {
            break;
        }
    }
    let ended = status.ended.expect("the disk was not full, or nobody noticed");
    assert!(ended.starts_with("failed: "), "{ended}");
    assert!(ended.contains(&*process.state.to_string_lossy()), "{ended}");
    process.kill();

    process.prelude = None;
    process.start(None);
    writer.write(50);
    checker.end(&writer.written).unwrap();
    process.stop().unwrap();
}
