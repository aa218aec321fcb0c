//! How long a package with many operators takes to compile: 40 chains of 10, or 40 sets of three joins, in a package of
//! its own whose dependencies are built before. The bare side is the same package without them: cargo, and the linker.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::figures::build::cargo;
use crate::harness::{Outcome, Settings, Spread, timed};
use crate::table::{Figure, show, verdict};

const CHAINS: usize = 40;
const REPETITIONS: usize = 3;

pub(crate) fn measure(_settings: &Settings) -> Outcome<Vec<Figure>> {
    let package = tempfile::tempdir()?;
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let manifest = format!(
        "[package]\nname = \"chains\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nstreams-core = {{ path = {:?} }}\n",
        repository.join("streams-core")
    );
    fs::create_dir(package.path().join("src"))?;
    fs::write(package.path().join("Cargo.toml"), manifest)?;
    fs::copy(repository.join("Cargo.lock"), package.path().join("Cargo.lock"))?;
    let mut figures = Vec::new();
    let kinds =
        [(CHAINS * 10, "operators", chain as fn(usize, usize) -> String), (CHAINS * 3, "joins", joins)];
    let profiles = [("debug", &["build"][..], 5.0), ("release", &["build", "--release"], 10.0)];
    for ((number, kind, chain), (profile, arguments, limit)) in
        kinds.iter().flat_map(|kind| profiles.iter().map(move |profile| (kind, profile)))
    {
        let build = |chains: usize, round: usize| {
            fs::write(package.path().join("src/main.rs"), source(chains, round, *chain))?;
            timed(|| cargo(arguments, package.path(), &package.path().join("target")))
        };
        build(0, 0)?;
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for round in 1..=REPETITIONS {
            ours.push(build(CHAINS, round)?);
            bare.push(build(0, round)?);
        }
        let (ours, bare) = (Spread::of(ours), Spread::of(bare));
        figures.push(Figure {
            name: format!("compile {number} {kind}, {profile}"),
            ours: format!("{} s", show(ours)),
            bare: format!("{} s", show(bare)),
            ratio: "—".to_owned(),
            target: verdict(&format!("≤ {limit} s"), ours.median <= *limit),
        });
    }
    Ok(figures)
}

/// `round` makes every source new.
fn source(chains: usize, round: usize, chain: fn(usize, usize) -> String) -> String {
    let mut text = format!(
        "//! Round {round}.\nuse std::time::Duration;\nuse streams_core::windows::JoinWindows;\n\
         use streams_core::{{StreamsBuilder, Topic}};\n\nfn main() {{\n    let builder = StreamsBuilder::new();\n\
         let _ = JoinWindows::of(Duration::ZERO).no_grace();\n"
    );
    for chain in 0..chains {
        let _ = writeln!(text, "    chain_{chain}(&builder);");
    }
    text.push_str("    println!(\"{}\", builder.build().is_ok());\n}\n");
    (0..chains).for_each(|number| text.push_str(&chain(number, round)));
    text
}

fn chain(chain: usize, round: usize) -> String {
    format!(
        "\nfn chain_{chain}(builder: &StreamsBuilder) {{\n\
             const IN: Topic<String, i64> = Topic::new(\"in-{chain}\");\n\
             const OUT: Topic<String, String> = Topic::new(\"out-{chain}\");\n\
             builder.stream(&IN)\n\
             .filter(|_, v| *v > {chain})\n.map_values(|v| v + {chain})\n.map_values(|v| v.to_string())\n\
             .filter(|k, v| k != v)\n.map_values(|v| (v.len() as i64, v))\n.peek(|_, v| assert!(v.0 < 100))\n\
             .map(|k, v| (v.1, (k, v.0)))\n.filter_not(|_, v| v.1 == {chain})\n\
             .flat_map_values(|v| vec![v.0])\n.map_values(|v| v + \"-{round}\")\n.to(&OUT);\n}}\n"
    )
}

/// A stream with a table, the result with a stream, and two tables.
fn joins(chain: usize, round: usize) -> String {
    format!(
        "\nfn chain_{chain}(builder: &StreamsBuilder) {{\n\
         const CLICKS: Topic<String, i64> = Topic::new(\"clicks-{chain}\");\n\
         const VIEWS: Topic<String, i64> = Topic::new(\"views-{chain}\");\n\
         const NAMES: Topic<String, String> = Topic::new(\"names-{chain}\");\n\
         const CITIES: Topic<String, String> = Topic::new(\"cities-{chain}\");\n\
         const ONE: Topic<String, String> = Topic::new(\"one-{chain}\");\n\
         const TWO: Topic<String, String> = Topic::new(\"two-{chain}\");\n\
         let (names, cities) = (builder.table(&NAMES), builder.table(&CITIES));\n\
         let windows = JoinWindows::of(Duration::from_secs({chain})).no_grace();\n\
         builder.stream(&CLICKS)\n.join_table(names.clone(), |v, name| format!(\"{{name}}-{{v}}-{round}\"))\n\
         .join(builder.stream(&VIEWS), windows, |one, view| (one.len() as i64 + view, one.clone()))\n\
         .map_values(|v| v.1)\n.to(&ONE);\n\
         names.join(cities, |name, city| format!(\"{{name}} of {{city}} {chain}\")).to_stream().to(&TWO);\n}}\n"
    )
}
