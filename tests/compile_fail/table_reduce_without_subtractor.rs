//! A grouped table reduced as if it were a stream: rows that change have to be taken out again.

use streams_core::{StreamsBuilder, Topic};

const STOCK: Topic<String, i64> = Topic::new("stock");

fn main() {
    let builder = StreamsBuilder::new();
    let sums = builder.table(&STOCK).group_by(|article, pieces| (article.clone(), pieces)).reduce(|sum, pieces| sum + pieces);
    sums.to_stream().for_each(|_, _| {});
}
