//! How long a package with many operators takes to compile: 40 chains of 10, in a package of its own whose
//! dependencies are built before. The bare side is the same package without chains: cargo, and the linker.

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
    for (profile, arguments, limit) in
        [("debug", &["build"][..], 5.0), ("release", &["build", "--release"], 10.0)]
    {
        let build = |chains: usize, round: usize| {
            fs::write(package.path().join("src/main.rs"), source(chains, round))?;
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
            name: format!("compile {} operators, {profile}", CHAINS * 10),
            ours: format!("{} s", show(ours)),
            bare: format!("{} s", show(bare)),
            ratio: "—".to_owned(),
            target: verdict(&format!("≤ {limit} s"), ours.median <= limit),
        });
    }
    Ok(figures)
}

/// `round` makes every source new.
fn source(chains: usize, round: usize) -> String {
    let mut text = format!(
        "//! Round {round}.\nuse streams_core::{{StreamsBuilder, Topic}};\n\nfn main() {{\n    let builder = StreamsBuilder::new();\n"
    );
    for chain in 0..chains {
        let _ = writeln!(text, "    chain_{chain}(&builder);");
    }
    text.push_str("    println!(\"{}\", builder.build().is_ok());\n}\n");
    for chain in 0..chains {
        let _ = write!(
            text,
            "\nfn chain_{chain}(builder: &StreamsBuilder) {{\n\
             const IN: Topic<String, i64> = Topic::new(\"in-{chain}\");\n\
             const OUT: Topic<String, String> = Topic::new(\"out-{chain}\");\n\
             builder.stream(&IN)\n\
             .filter(|_, v| *v > {chain})\n.map_values(|v| v + {chain})\n.map_values(|v| v.to_string())\n\
             .filter(|k, v| k != v)\n.map_values(|v| (v.len() as i64, v))\n.peek(|_, v| assert!(v.0 < 100))\n\
             .map(|k, v| (v.1, (k, v.0)))\n.filter_not(|_, v| v.1 == {chain})\n\
             .flat_map_values(|v| vec![v.0])\n.map_values(|v| v + \"-{round}\")\n.to(&OUT);\n}}\n"
        );
    }
    text
}
