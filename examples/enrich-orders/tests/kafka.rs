//! The program on a real broker.

mod common;

use common::{expected, files, read};
use enrich_orders::made_up::made_up;
use streams_kafka::testing::{Cluster, ClusterOptions};

#[test]
fn a_cluster_gives_the_results_of_a_loop_and_input_is_loaded_once() {
    let options = ClusterOptions { heap: "300m".into(), ..ClusterOptions::default() };
    let cluster = Cluster::start(&options).expect("a broker can be started");
    let dir = tempfile::tempdir().expect("a temporary folder");
    expected(&made_up(7, 3000)).write(&dir.path().join("expected")).expect("writes");
    let expected = read(&dir.path().join("expected"));
    for start in ["first", "second"] {
        let arguments = ["--seed", "7", "--orders", "3000", "--bootstrap", cluster.bootstrap()];
        assert!(files(&dir.path().join(start), &arguments) == expected, "{start} start");
    }
}
