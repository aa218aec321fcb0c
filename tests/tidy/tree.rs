//! The files of the repository: everything below its root but build output and hidden folders.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file of the repository.
pub(crate) struct Source {
    /// Path from the root, with `/` between folders.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// The lines with their numbers, from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// `file:line: why`.
    pub(crate) fn at(&self, line: usize, why: &str) -> String {
        format!("{}:{line}: {why}", self.path)
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// The folder that holds the workspace.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("the package lies in a folder of the workspace").to_owned()
}

/// The text of a file of the repository, named from its root; `None` if there is no such file.
pub(crate) fn read(path: &str) -> Option<String> {
    fs::read_to_string(root().join(path)).ok()
}

/// Every file that people write: sources, manifests, documents and scripts.
pub(crate) fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root(), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.iter().any(Source::is_rust), "no sources found below {}", root().display());
    found
}

/// The rust files among [`sources`].
pub(crate) fn rust_sources() -> Vec<Source> {
    sources().into_iter().filter(Source::is_rust).collect()
}

/// The folders of the workspace's members.
pub(crate) fn members() -> Vec<String> {
    let manifest = read("Cargo.toml").expect("the workspace has a manifest");
    let list = manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']'));
    let (list, _) = list.expect("the workspace manifest has `members = [..]`");
    let mut folders = Vec::new();
    for entry in list.split('"').skip(1).step_by(2) {
        match entry.strip_suffix("/*") {
            None => folders.push(entry.to_owned()),
            Some(parent) => folders.extend(packages_in(parent)),
        }
    }
    folders
}

fn packages_in(parent: &str) -> Vec<String> {
    let mut folders: Vec<String> = fs::read_dir(root().join(parent))
        .expect("a folder named in `members` exists")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.join("Cargo.toml").is_file())
        .filter_map(|path| Some(format!("{parent}/{}", path.file_name()?.to_str()?)))
        .collect();
    folders.sort();
    folders
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    let entries = fs::read_dir(folder).expect("folders of the repository can be listed");
    for entry in entries {
        let entry = entry.expect("folders of the repository can be listed");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if path.is_dir() {
            // Nested packages with their own build output, and Maven's.
            if !name.starts_with('.') && name != "target" {
                collect(&path, found);
            }
        } else if is_written_by_people(&name)
            && let Ok(text) = fs::read_to_string(&path)
        {
            let relative = path.strip_prefix(root()).expect("everything found lies below the root");
            found.push(Source { path: relative.to_string_lossy().replace('\\', "/"), text });
        }
    }
}

fn is_written_by_people(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "rs" | "md" | "toml" | "sh" | "yml" | "yaml") || name == "test"
}
