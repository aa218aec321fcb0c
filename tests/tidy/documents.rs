//! Rules for the documents that people read first.

use crate::sources::none_of;
use crate::tree::{Source, members, read, sources};

/// Words that praise instead of saying what is so.
const PRAISE: &[&str] = &[
    "amazing",
    "awesome",
    "battle-tested",
    "beautiful",
    "best-in-class",
    "blazing",
    "cutting-edge",
    "effortless",
    "elegant",
    "excellent",
    "fantastic",
    "first-class",
    "game-changing",
    "incredible",
    "lightning",
    "next-generation",
    "powerful",
    "revolutionary",
    "robust",
    "seamless",
    "state-of-the-art",
    "unparalleled",
    "world-class",
];

fn document(name: &str) -> Option<Source> {
    sources().into_iter().find(|source| source.path == name)
}

#[test]
fn the_architecture_page_names_every_package() {
    let Some(page) = document("ARCHITECTURE.md") else {
        return;
    };
    let findings: Vec<String> = members()
        .iter()
        .filter(|member| !page.text.contains(member.as_str()))
        .map(|member| page.at(1, &format!("says nothing about the package `{member}`")))
        .collect();
    none_of(&findings);
}

#[test]
fn documents_say_what_is_so_and_do_not_praise_it() {
    let mut findings = Vec::new();
    for name in ["ARCHITECTURE.md", "README.md", "CHANGELOG.md"] {
        let Some(page) = document(name) else { continue };
        for (number, line) in page.lines() {
            let line = line.to_lowercase();
            for word in PRAISE.iter().filter(|word| line.contains(**word)) {
                findings.push(page.at(number, &format!("`{word}` is praise: say what it does")));
            }
        }
    }
    none_of(&findings);
}

#[test]
fn every_section_with_figures_names_the_command_that_makes_them() {
    let Some(page) = document("BENCHMARKS.md") else {
        return;
    };
    let mut findings = Vec::new();
    let mut section = (1, "", String::new());
    let lines = page.lines().chain([(0, "## ")]);
    for (number, line) in lines {
        if line.starts_with("## ") {
            let (start, title, text) = &section;
            let has_figures =
                text.lines().any(|line| line.starts_with('|') && line.contains(|c: char| c.is_ascii_digit()));
            let has_command = ["cargo ", "./", "mvn "].iter().any(|command| text.contains(command));
            if has_figures && !has_command {
                findings.push(
                    page.at(*start, &format!("`{title}` has figures but no command to make them again")),
                );
            }
            section = (number, line, String::new());
        } else {
            section.2.push_str(line);
            section.2.push('\n');
        }
    }
    none_of(&findings);
}

#[test]
fn the_program_in_the_readme_is_the_one_that_is_built_and_tested() {
    let (Some(page), Some(program), Some(test)) = (
        document("README.md"),
        document("examples/word-count/src/main.rs"),
        document("examples/word-count/src/tests.rs"),
    ) else {
        return;
    };
    let program = program.text.replace("\n#[cfg(test)]\nmod tests;\n", "");
    let mut parts = test.text.split("#[test]").skip(1).map(str::trim);
    let whole = page.text.contains(program.trim()) && parts.all(|test| page.text.contains(test));
    none_of(&if whole { Vec::new() } else { vec![page.at(1, "does not show examples/word-count as it is")] });
}

#[test]
fn the_script_that_tests_everything_names_every_feature() {
    let Some(script) = document("test") else { return };
    let mut findings = Vec::new();
    for member in members() {
        let manifest = read(&format!("{member}/Cargo.toml")).unwrap_or_default();
        let Some((_, features)) = manifest.split_once("[features]\n") else { continue };
        let features: Vec<&str> = features.lines().take_while(|line| !line.starts_with('[')).collect();
        let default = features.iter().find(|line| line.starts_with("default")).unwrap_or(&"");
        let package = member.rsplit('/').next().unwrap_or(&member);
        let names = features.iter().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
        for name in names.filter(|name| *name != "default" && !default.contains(&format!("\"{name}\""))) {
            if !script.text.contains(&format!("{package}/{name}")) {
                findings.push(script.at(1, &format!("neither builds {package}/{name} nor says why not")));
            }
        }
    }
    none_of(&findings);
}
