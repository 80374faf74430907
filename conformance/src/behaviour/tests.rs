use std::fs;
use std::path::Path;

use super::area::Area;
use super::*;

#[test]
fn the_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/behaviour.md");
    let text = fs::read_to_string(path).expect("the page");
    // A checkout may have its own ends of lines.
    let (kept, made) = (text.lines(), page());
    for (kept, made) in kept.zip(made.lines()) {
        assert_eq!(
            kept, made,
            "docs/behaviour.md is stale: it says how to renew it"
        );
    }
    assert_eq!(text.lines().count(), made.lines().count());
}

#[test]
fn every_case_and_every_reason_belongs_to_a_line() {
    for ((index, number), line) in lines() {
        let known = AREAS
            .get(index)
            .is_some_and(|area| (1..=area.lines()).contains(&number));
        let names: Vec<_> = line.cases.iter().map(|(name, _)| name).collect();
        assert!(
            known,
            "{names:?} {:?}",
            line.left_out.map(|left_out| left_out.line)
        );
    }
}

#[test]
fn the_lines_of_an_area_are_all_counted() {
    let count = Count::of(lines().values());
    assert_eq!(count.lines, 16 + 9 + 82 + 104 + 52 + 66 + 42);
    assert_eq!(
        count.lines,
        count.checked + count.explained + count.missing()
    );
}

#[test]
fn every_line_has_a_case_or_a_reason() {
    for ((index, number), line) in lines() {
        let explained = line.left_out.is_some();
        assert!(
            explained || !line.cases.is_empty(),
            "{} {number}",
            AREAS[index].title
        );
    }
}

#[test]
fn the_lines_without_a_case_say_what_they_are_about() {
    for ((index, number), line) in lines() {
        let Area { letter, layer, .. } = AREAS[index];
        let name = format!("{letter}{number}");
        let said = UNCHECKED.iter().any(|(line, _)| *line == name);
        let said = said && layer.is_none();
        assert_eq!(said, line.cases.is_empty(), "{name}");
    }
    for (name, says) in UNCHECKED {
        assert!(says.ends_with('.'), "{name}: {says}");
    }
}
