//! Sets of addresses that lead back to themselves: mail for them may go in circles, and is then deferred.

use super::graph::{Broken, Reached};

/// Returns the first set of each circle that a walk from the first set to the last meets.
pub(super) fn find(reached: &[Reached]) -> Vec<Broken> {
    let mut state = vec![State::New; reached.len()];
    let mut circles = Vec::new();
    for start in 0..reached.len() {
        let mut path = vec![(start, 0)];
        if state.get(start) != Some(&State::New) {
            continue;
        }
        set(&mut state, start, State::OnPath);
        while let Some((at, next)) = path.last_mut() {
            let onward = reached.get(*at).and_then(|set| set.onward.get(*next));
            let Some(onward) = onward.copied() else {
                set(&mut state, *at, State::Done);
                path.pop();
                continue;
            };
            *next += 1;
            match state.get(onward) {
                Some(State::New) => {
                    set(&mut state, onward, State::OnPath);
                    path.push((onward, 0));
                }
                Some(State::OnPath) => circles.extend(broken(reached, onward)),
                _ => {}
            }
        }
    }
    circles
}

/// How far a walk has come with a set.
#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    OnPath,
    Done,
}

fn set(state: &mut [State], at: usize, value: State) {
    if let Some(state) = state.get_mut(at) {
        *state = value;
    }
}

fn broken(reached: &[Reached], at: usize) -> Option<Broken> {
    let set = reached.get(at)?;
    Some(Broken {
        at,
        part: set.set.clone(),
        rule: set.ways.first().map(|way| way.rule),
        examples: Vec::new(),
    })
}
