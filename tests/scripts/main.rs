//! The scripts that fetch Kafka and its Java programs say what is missing, and install what they may. The system
//! around them is made up: a folder with all commands that they find.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that unwraps fails with the line that was wrong")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What scripts take from every system.
const COMMON: [&str; 10] = ["bash", "cat", "cksum", "dirname", "flock", "mkdir", "rm", "sed", "touch", "env"];
/// A Java that has this version.
const JAVA: &str =
    "echo 'Picked up JAVA_TOOL_OPTIONS: -Dthis=17'; echo 'openjdk version \"VERSION\" 2025-04-15'";
const COMPILER: &str = "echo 'javac VERSION'";
/// Makes the folder that it is to copy jars to.
const MAVEN: &str =
    r#"for word; do case $word in -DoutputDirectory=*) mkdir -p "${word#*=}"; echo got >>"$LOG"; esac; done"#;

/// A copy of the scripts, and the commands of a system.
struct System {
    dir: tempfile::TempDir,
}

impl System {
    fn new(user: &str) -> System {
        let system = System { dir: tempfile::tempdir().unwrap() };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for file in [
            "scripts/kafka/fetch.sh",
            "scripts/kafka/java.sh",
            "scripts/kafka/need.sh",
            "scripts/kafka/pom.xml",
            "streams-kafka/tests/java/pom.xml",
            "streams-kafka/tests/java/beside/Main.java",
        ] {
            let copy = system.path(file);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(root.join(file), copy).unwrap();
        }
        fs::create_dir_all(system.path("bin")).unwrap();
        for name in COMMON {
            let folders = std::env::var_os("PATH").unwrap();
            let found =
                std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|file| file.exists());
            symlink(found.unwrap(), system.path("bin").join(name)).unwrap();
        }
        system.has("id", &format!("echo {user}"))
    }

    /// With this command.
    fn has(self, name: &str, text: &str) -> System {
        write(&self.path("bin").join(name), text);
        self
    }

    /// With a package system that knows these packages: what they are, as commands in a folder of their own.
    fn with_packages(self, packages: &[(&str, &str, &str)]) -> System {
        for (package, command, text) in packages {
            let folder = self.path("packages").join(package);
            fs::create_dir_all(&folder).unwrap();
            write(&folder.join(command), text);
        }
        let apt = r#"
            for word; do package=$word; done
            [ "$1" = install ] || exit 0
            echo "$package" >>"$LOG"
            [ -d "$ROOT/packages/$package" ] || exit 100
            for file in "$ROOT/packages/$package"/*; do cat "$file" >"$ROOT/bin/${file##*/}"; done
            /bin/chmod +x "$ROOT"/bin/java*
        "#;
        self.has("apt-get", apt)
    }

    /// Runs a script: whether it ended well, what it said, and what was installed and fetched.
    fn run(&self, script: &str) -> (bool, String, String) {
        let log = self.path("log");
        let mut command = Command::new(self.path("scripts/kafka").join(script));
        command.env_clear().env("PATH", self.path("bin")).env("LOG", &log).env("ROOT", self.dir.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), said, fs::read_to_string(log).unwrap_or_default().replace('\n', " "))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

fn write(file: &Path, text: &str) {
    fs::write(file, format!("#!/usr/bin/env bash\n{text}\n")).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}

fn of_version(program: &str, version: &str) -> String {
    program.replace("VERSION", version)
}

#[test]
fn jars_are_fetched_once_with_any_java_that_is_new_enough() {
    for version in ["17", "17.0.15", "21.0.2", "26-ea"] {
        let system = System::new("1000").has("java", &of_version(JAVA, version)).has("mvn", MAVEN);
        assert_eq!(system.run("fetch.sh"), (true, String::new(), "got ".into()), "{version}");
        assert_eq!(system.run("fetch.sh"), (true, String::new(), "got ".into()), "{version}, again");
    }
}

#[test]
fn what_is_missing_is_said_with_the_package_that_has_it() {
    let (ok, said, _) = System::new("1000").has("mvn", MAVEN).run("fetch.sh");
    assert!(!ok && said.contains("missing: java of Java 17 or later\n"), "{said}");
    assert!(said.contains("openjdk-17-jre-headless") && said.contains("KAFKA_BOOTSTRAP"), "{said}");
    let java = of_version(JAVA, "21.0.2");
    let (ok, said, _) = System::new("1000").has("java", &java).run("fetch.sh");
    assert!(!ok && said.contains("missing: mvn") && said.contains("apt-get install maven"), "{said}");
    let (ok, said, _) = System::new("1000").has("java", &java).has("mvn", MAVEN).run("java.sh");
    assert!(!ok && said.contains("missing: javac") && said.contains("openjdk-17-jdk-headless"), "{said}");
    assert!(!said.contains("KAFKA_BOOTSTRAP"), "that does not help: {said}");
    let (ok, said, _) =
        System::new("1000").has("java", &java).has("mvn", "echo 'no route' >&2; exit 1").run("fetch.sh");
    assert!(!ok && said.contains("no route") && said.contains("missing: the jars"), "{said}");
}

#[test]
fn a_java_that_is_too_old_is_named() {
    for (version, read) in [("11.0.2", "11"), ("1.8.0_292", "8")] {
        let system = System::new("1000").has("java", &of_version(JAVA, version)).has("mvn", MAVEN);
        let (ok, said, _) = system.run("fetch.sh");
        let place = system.path("bin/java");
        let expected =
            format!("missing: java of Java 17 or later (there is version {read}, {})", place.display());
        assert!(!ok && said.contains(&expected), "{said}");
        let system = System::new("1000").has("java", &of_version(JAVA, "17")).has("mvn", MAVEN);
        let (ok, said, _) = system.has("javac", &of_version(COMPILER, version)).run("java.sh");
        assert!(
            !ok && said.contains(&format!("javac of Java 17 or later (there is version {read},")),
            "{said}"
        );
    }
}

#[test]
fn the_first_package_of_the_system_that_is_new_enough_is_installed() {
    let (old, new) = (of_version(JAVA, "11.0.2"), of_version(JAVA, "21.0.2"));
    let all = [
        "openjdk-17-jre-headless",
        "openjdk-21-jre-headless",
        "openjdk-25-jre-headless",
        "default-jre-headless",
    ];
    for (index, package) in all.into_iter().enumerate() {
        let system =
            System::new("0").has("java", &old).has("mvn", MAVEN).with_packages(&[(package, "java", &new)]);
        let (ok, said, log) = system.run("fetch.sh");
        assert_eq!((ok, log), (true, format!("{} got ", all[..=index].join(" "))), "{said}");
    }
    let system = System::new("0").has("mvn", MAVEN).with_packages(&[(all[3], "java", &old)]);
    let (ok, said, _) = system.run("fetch.sh");
    assert!(!ok && said.contains("(there is version 11,"), "{said}");
}

#[test]
fn programs_are_compiled_once_and_again_when_they_change() {
    let compiler = format!("{}; [ $# = 1 ] || echo compiled >>\"$LOG\"", of_version(COMPILER, "17.0.15"));
    let system = System::new("1000").has("java", &of_version(JAVA, "17")).has("mvn", MAVEN);
    let system = system.has("javac", &compiler);
    assert_eq!(system.run("java.sh"), (true, "javac 17.0.15\n".into(), "got compiled ".into()));
    assert_eq!(system.run("java.sh"), (true, String::new(), "got compiled ".into()));
    fs::write(system.path("streams-kafka/tests/java/beside/Main.java"), "class Main {}").unwrap();
    let (ok, said, log) = system.run("java.sh");
    assert_eq!((ok, log), (true, "got compiled compiled ".into()), "{said}");
}
