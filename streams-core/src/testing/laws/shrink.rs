//! Shrinking: fewer steps first, then simpler ones, again and again until nothing more can go.

use std::collections::BTreeMap;

use crate::testing::laws::scenario::{Drawn, Mark, Seed, Tree, What};

/// Most runs of the law while shrinking.
const MOST_TRIES: usize = 4000;

/// What is left of a case that breaks a law, with how it breaks.
pub(super) struct Shrunk<B> {
    pub(super) seeds: Vec<Seed>,
    pub(super) per_commit: bool,
    pub(super) broken: B,
}

/// Shrinks `drawn`, which breaks a law as `broken` says, as long as `breaks` still finds it broken.
pub(super) fn shrink<B>(drawn: Drawn, broken: B, breaks: impl Fn(&[Seed], bool) -> Option<B>) -> Shrunk<B> {
    let Drawn { seeds, trees, per_commit } = drawn;
    let mut search = Search { seeds, trees, per_commit, broken, breaks, tries: 0 };
    while search.tries < MOST_TRIES && search.pass() {}
    Shrunk { seeds: search.seeds, per_commit: search.per_commit, broken: search.broken }
}

/// What stays of steps that are removed: the time that passed goes to the step behind them, a commit or crash to the
/// step before.
#[derive(Clone, Copy)]
enum Kept {
    Nothing,
    Time,
    Mark,
}

impl Kept {
    const ALL: [Kept; 3] = [Kept::Nothing, Kept::Time, Kept::Mark];
}

struct Search<B, F> {
    seeds: Vec<Seed>,
    trees: Vec<Tree>,
    per_commit: bool,
    broken: B,
    breaks: F,
    tries: usize,
}

impl<B, F: Fn(&[Seed], bool) -> Option<B>> Search<B, F> {
    /// Tries everything once; whether something got simpler.
    fn pass(&mut self) -> bool {
        let mut simpler = self.per_commit && self.accepts(self.seeds.clone(), false);
        if simpler {
            self.per_commit = false;
        }
        simpler |= self.remove();
        simpler |= self.simplify_keys();
        for index in 0..self.seeds.len() {
            simpler |= self.simplify_fields(index);
            simpler |= self.simplify_what(index);
        }
        simpler
    }

    /// Removes runs of steps, long ones first.
    fn remove(&mut self) -> bool {
        let mut simpler = false;
        let mut size = self.seeds.len() / 2;
        while size > 0 {
            let mut from = 0;
            while from < self.seeds.len() && size <= self.seeds.len() {
                let to = (from + size).min(self.seeds.len());
                if Kept::ALL.into_iter().any(|kept| self.remove_range(from, to, kept)) {
                    simpler = true;
                } else {
                    from += size;
                }
            }
            size /= 2;
        }
        simpler
    }

    /// Removes steps; the time that passed in them, or what happened behind them, may have to stay.
    fn remove_range(&mut self, from: usize, to: usize, kept: Kept) -> bool {
        let mut seeds = self.seeds.clone();
        let (mut time, mut mark) = (0i64, Mark::Nothing);
        for seed in seeds.drain(from..to) {
            time = time.saturating_add(seed.forward);
            mark = mark.max(seed.mark);
        }
        let stays = match kept {
            Kept::Nothing => !seeds.is_empty(),
            Kept::Time => {
                time > 0 && {
                    let next = seeds.get_mut(from);
                    next.map(|next| next.forward = next.forward.saturating_add(time)).is_some()
                }
            }
            Kept::Mark => {
                let before = from.checked_sub(1).and_then(|before| seeds.get_mut(before));
                before.filter(|before| before.mark < mark).map(|before| before.mark = mark).is_some()
            }
        };
        let removed = stays && self.accepts(seeds, self.per_commit);
        if removed {
            self.trees.drain(from..to);
        }
        removed
    }

    fn simplify_fields(&mut self, index: usize) -> bool {
        let mut simpler = false;
        for mark in Mark::ALL {
            if mark < self.seeds[index].mark && self.changes(index, |seed| seed.mark = mark) {
                simpler = true;
            }
        }
        simpler |= self.lowers(index, |seed| seed.forward, |seed, to| seed.forward = to);
        simpler |= self.lowers(index, |seed| seed.back, |seed, to| seed.back = to);
        simpler |=
            self.lowers(index, |seed| i64::from(seed.partition), |seed, to| seed.partition = to as u32);
        simpler | self.lowers(index, |seed| i64::from(seed.pick), |seed, to| seed.pick = to as u32)
    }

    /// Lowers a number to the least that still breaks the law, as far as halving finds it.
    fn lowers(&mut self, index: usize, get: impl Fn(&Seed) -> i64, set: impl Fn(&mut Seed, i64)) -> bool {
        let first = get(&self.seeds[index]);
        if first == 0 {
            return false;
        }
        if self.changes(index, |seed| set(seed, 0)) {
            return true;
        }
        let (mut passes, mut breaks) = (0, first);
        while breaks - passes > 1 && self.tries < MOST_TRIES {
            let middle = passes + (breaks - passes) / 2;
            if self.changes(index, |seed| set(seed, middle)) {
                breaks = middle;
            } else {
                passes = middle;
            }
        }
        breaks < first
    }

    /// Simplifies key and value, as their strategies know how.
    fn simplify_what(&mut self, index: usize) -> bool {
        let mut simpler = false;
        let mut more = self.trees[index].simplify();
        while more && self.tries < MOST_TRIES {
            let what = self.trees[index].current();
            more = if self.changes(index, |seed| seed.what = what) {
                simpler = true;
                self.trees[index].simplify()
            } else {
                self.trees[index].complicate()
            };
        }
        simpler
    }

    /// Simplifies records of one key together: what needs two records of a key needs them to stay the same.
    fn simplify_keys(&mut self) -> bool {
        let mut groups: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        for (index, seed) in self.seeds.iter().enumerate() {
            if let What::Record(draft) = &seed.what
                && let Some(key) = &draft.key
            {
                groups.entry(key.clone()).or_default().push(index);
            }
        }
        let mut simpler = false;
        for group in groups.into_values().filter(|group| group.len() > 1) {
            // Every tree takes the step: none may be left behind.
            let simplified = |trees: &mut Vec<Tree>, step: fn(&mut Tree) -> bool| {
                group.iter().filter(|index| step(&mut trees[**index])).count() > 0
            };
            let mut more = simplified(&mut self.trees, |tree| tree.simplify());
            while more && self.tries < MOST_TRIES {
                let mut seeds = self.seeds.clone();
                group.iter().for_each(|&index| seeds[index].what = self.trees[index].current());
                more = if self.accepts(seeds, self.per_commit) {
                    simpler = true;
                    simplified(&mut self.trees, |tree| tree.simplify())
                } else {
                    simplified(&mut self.trees, |tree| tree.complicate())
                };
            }
        }
        simpler
    }

    fn changes(&mut self, index: usize, change: impl FnOnce(&mut Seed)) -> bool {
        let mut seeds = self.seeds.clone();
        change(&mut seeds[index]);
        self.accepts(seeds, self.per_commit)
    }

    /// Takes `seeds` if they break the law too.
    fn accepts(&mut self, seeds: Vec<Seed>, per_commit: bool) -> bool {
        if self.tries >= MOST_TRIES {
            return false;
        }
        self.tries += 1;
        match (self.breaks)(&seeds, per_commit) {
            Some(broken) => {
                self.seeds = seeds;
                self.broken = broken;
                true
            }
            None => false,
        }
    }
}
