//! Every query over made-up data, against plain loops over the same messages.

mod common;

use common::made_up::MadeUp;
use common::plain;
use shoe_store::queries;
use shoe_store::run::Store;

#[test]
fn every_answer_is_that_of_plain_loops_whatever_the_data_and_the_number_of_threads() {
    for (seed, orders, threads) in [(1, 300, 1), (2, 900, 3), (3, 40, 2), (4, 1500, 1)] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = MadeUp::new(seed, orders);
        data.write(folder.path());
        let mut store = Store::open(folder.path(), threads).expect("loads");
        for query in queries::ALL {
            let answer = store.answer(query).expect("runs");
            assert_eq!(answer.rows, plain::answer(query.name, &data), "{}, seed {seed}", query.name);
        }
    }
}
