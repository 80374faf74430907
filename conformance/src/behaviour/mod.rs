//! The behaviour line by line: which cases check each, and why some have none.

mod area;
mod page;
mod unchecked;

use std::collections::BTreeMap;

use self::area::AREAS;
use self::unchecked::UNCHECKED;
use crate::case::{Case, Layer, LeftOut};
use crate::cases::LAYERS;

pub(crate) use page::page;

/// What there is to a line.
#[derive(Default)]
struct Line {
    /// Its cases, by their names, which lack the subject's.
    cases: Vec<(String, &'static Case)>,
    /// Why there is none.
    left_out: Option<&'static LeftOut>,
}

/// A line: the first letter of its area, whether it is of the contract of
/// backends, and its number.
type Place = (usize, u16);

/// Every line of every area.
fn lines() -> BTreeMap<Place, Line> {
    let numbers = |(index, area): (usize, &area::Area)| {
        let lines = 1..=area.lines();
        lines.map(move |number| ((index, number), Line::default()))
    };
    let mut lines: BTreeMap<_, _> = AREAS.iter().enumerate().flat_map(numbers).collect();
    for layer in LAYERS {
        for (name, case) in layer.cases() {
            let place = place(layer, case.line);
            lines.entry(place).or_default().cases.push((name, case));
        }
        for left_out in layer.left_out {
            let place = place(layer, left_out.line);
            lines.entry(place).or_default().left_out = Some(left_out);
        }
    }
    lines
}

/// Where a line of a layer belongs; behind all areas if it belongs to none.
fn place(layer: &Layer, line: &str) -> Place {
    let letters = line.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = line[letters.len()..].parse().unwrap_or(0);
    let mut areas = AREAS.iter();
    let index = areas.position(|area| area.holds(layer.name, letters));
    (index.unwrap_or(AREAS.len()), number)
}

/// How many of some lines have cases, and how many are explained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    lines: usize,
    checked: usize,
    explained: usize,
}

impl Count {
    fn of<'a>(lines: impl Iterator<Item = &'a Line>) -> Self {
        lines.fold(Self::default(), |count, line| Self {
            lines: count.lines + 1,
            checked: count.checked + usize::from(!line.cases.is_empty()),
            explained: count.explained
                + usize::from(line.cases.is_empty() && line.left_out.is_some()),
        })
    }

    fn missing(self) -> usize {
        self.lines - self.checked - self.explained
    }
}

/// The count of all lines and of each area, in a sentence each.
pub(crate) fn coverage() -> String {
    let lines = lines();
    let cases: usize = lines.values().map(|line| line.cases.len()).sum();
    let all = Count::of(lines.values());
    let mut text = format!("{cases} cases; {}.", page::counted(all));
    for (index, area) in AREAS.iter().enumerate() {
        let count = Count::of(of_area(&lines, index));
        text += &format!("\n- {}: {}.", area.title, page::counted(count));
    }
    text
}

fn of_area(lines: &BTreeMap<Place, Line>, index: usize) -> impl Iterator<Item = &Line> {
    lines
        .range((index, 0)..(index + 1, 0))
        .map(|(_, line)| line)
}

#[cfg(test)]
mod tests;
