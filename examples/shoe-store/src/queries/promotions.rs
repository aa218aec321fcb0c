//! The offers that hold now: a row appears when its condition begins to hold, and is deleted when it ceases to.

use streams_core::{KStream, KTable};

use crate::model::Offer;
use crate::queries::{Query, build, loyalty};
use crate::results::latest;
use crate::row;
use crate::rows::Rows;
use crate::topics;

/// All offers.
///
/// Two conditions write one topic. Its key is email address and name of the offer: with the email address alone the
/// last writer would win, and a row deleted by one would take away that of the other.
pub(super) const PROMOTIONS: Query = Query {
    name: "promotions",
    file: "13_4_promotions_each_query_final.csv",
    about: "The offers that hold now: next_free for who has ordered a multiple of ten pairs of Jones-Stokes, \
            bundle_offer for who ordered of both brands of the bundle.",
    needs: &[&loyalty::JONES_STOKES, &loyalty::BUNDLE],
    topology: || {
        build(|builder| {
            let free = builder.table(&topics::JONES_STOKES).filter(|_, promotion| promotion.next_one_free);
            let bundles = builder.table(&topics::BUNDLE);
            offers(free, "next_free").merge(offers(bundles, "bundle_offer")).to(&topics::PROMOTIONS);
        })
    },
    rows: |log| {
        let mut offers: Vec<Offer> = latest(log, &topics::PROMOTIONS)?.into_values().collect();
        // By kind, and then by email address, as they come out of the map.
        offers.sort_by_key(|offer| offer.promotion_name != "next_free");
        Ok(Rows::new(&["email", "promotion_name"], offers.iter().map(|o| row![o.email, o.promotion_name])))
    },
};

/// An offer to each key of a table.
#[track_caller]
fn offers<V: Clone + Send + 'static>(
    table: KTable<String, V>,
    name: &'static str,
) -> KStream<Offer, Option<Offer>> {
    let offer = move |email: &String| Offer { email: email.clone(), promotion_name: name.to_owned() };
    let offers = table.map_values_with_key(move |email, _| offer(email)).to_stream();
    offers.select_key(move |email, _| offer(email))
}
