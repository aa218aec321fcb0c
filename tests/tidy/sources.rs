//! Rules for sources and scripts.

use crate::tree::{Source, members, read, rust_sources, sources};

const LONGEST: usize = 500;

/// Fails with every finding on a line of its own.
#[track_caller]
pub(crate) fn none_of(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn files_are_short_enough_to_be_read_whole() {
    let mut findings = Vec::new();
    for source in rust_sources() {
        let lines = source.lines().count();
        if lines >= LONGEST {
            findings.push(source.at(
                lines,
                &format!("{lines} lines, at most {} are allowed: split it by concern", LONGEST - 1),
            ));
        }
    }
    none_of(&findings);
}

#[test]
fn files_begin_with_a_comment_that_says_what_they_do() {
    let opens = |source: &Source| source.text.starts_with("//! ");
    let findings: Vec<String> = rust_sources()
        .iter()
        .filter(|source| !opens(source))
        .map(|source| {
            source.at(1, "begin with a `//! ` comment: what it does, what holds, what it does not do")
        })
        .collect();
    none_of(&findings);
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not contain what it looks for.
    let calls = [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("db", "g!(")];
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
    let mut findings = Vec::new();
    for source in sources().iter().filter(|source| source.path != "CONTRIBUTING.md") {
        for (number, line) in source.lines() {
            for call in calls.iter().filter(|call| source.is_rust() && line.contains(**call)) {
                findings.push(source.at(number, &format!("`{call}..)` is not for committed code")));
            }
            for mark in marks.iter().filter(|mark| has_word(line, mark)) {
                findings.push(source.at(number, &format!("{mark}: do it, or write an issue")));
            }
        }
    }
    none_of(&findings);
}

#[test]
fn lines_have_no_tabs_and_no_spaces_at_their_end() {
    let mut findings = Vec::new();
    for source in sources() {
        for (number, line) in source.lines() {
            if line.contains('\t') {
                findings.push(source.at(number, "a tab"));
            }
            if line.ends_with(' ') {
                findings.push(source.at(number, "spaces at the end of the line"));
            }
        }
    }
    none_of(&findings);
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let mut findings = Vec::new();
    for source in sources() {
        for (number, line) in source.lines() {
            for name in ["work", "root", "tmp", "home"] {
                if names_folder(line, name) {
                    findings.push(source.at(
                        number,
                        &format!("/{name} is a path of one machine: take a temporary folder or a setting"),
                    ));
                }
            }
        }
    }
    none_of(&findings);
}

#[test]
fn unsafe_code_is_in_the_ffi_module_only() {
    let word = concat!("un", "safe");
    let mut findings = Vec::new();
    for source in rust_sources().iter().filter(|source| !source.path.starts_with("streams-kafka/src/ffi")) {
        for (number, line) in source.lines() {
            let code = line.split("//").next().unwrap_or_default();
            let follows = code.split_once(word).map_or("", |(_, rest)| rest.trim_start());
            if has_word(code, word)
                && ["{", "fn ", "impl ", "extern ", "trait "].iter().any(|start| follows.starts_with(start))
            {
                findings.push(source.at(number, "belongs into streams-kafka/src/ffi"));
            }
        }
    }
    none_of(&findings);
}

#[test]
fn every_package_takes_the_lints_of_the_workspace() {
    let mut findings = Vec::new();
    for member in members() {
        let path = format!("{member}/Cargo.toml");
        let manifest = read(&path).unwrap_or_default();
        // The package with the FFI module cannot inherit `forbid(unsafe_code)`.
        if !manifest.contains("[lints]\nworkspace = true") && !manifest.contains("[lints.rust]") {
            findings.push(format!("{path}:1: add `[lints]` with `workspace = true`"));
        }
    }
    none_of(&findings);
}

/// Whether `word` stands in `line` between characters that are not part of a name.
fn has_word(line: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(part_of_name) && !line[at + word.len()..].starts_with(part_of_name)
    })
}

/// Whether `line` has an absolute path that begins with this folder.
fn names_folder(line: &str, name: &str) -> bool {
    let folder = format!("/{name}");
    line.match_indices(&folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let begins = before.is_none_or(|c| matches!(c, ' ' | '"' | '\'' | '`' | '=' | '(' | ':'));
        let rest = &line[at + folder.len()..];
        begins && !line[..at].ends_with("http:") && rest.starts_with('/')
    })
}

#[test]
fn words_and_folders_are_found_whole() {
    assert!(has_word("a cat.", "cat") && !has_word("concat", "cat") && !has_word("cats", "cat"));
    let path = |name: &str| format!("open(\"/{name}/x\")");
    assert!(
        names_folder(&path("home"), "home")
            && !names_folder("a/home/x", "home")
            && !names_folder("GET /work", "work")
    );
}
