//! The behaviour as a page.

use std::fmt::Write;

use super::area::{AREAS, Area};
use super::{Count, Line, Place, UNCHECKED, lines, of_area};

const HEAD: &str = "# Behaviour

What the project promises, line by line, and the cases of the conformance suite
that check it. It is generated from the suite, so it cannot say anything else;
after a change to a case, write it anew:

    cargo run -p loopline-conformance -- behaviour > docs/behaviour.md

A line is named by the letter of its area and a number. One marked with a star is
beyond what was asked of this project, and needed to use the rest. The sentences
are those of the cases; a line without a case has a sentence of its own, and the
reason why nothing checks it.

";

/// Every area with its lines.
pub(crate) fn page() -> String {
    let lines = lines();
    let mut page = String::from(HEAD);
    page.push_str(&super::coverage());
    page.push('\n');
    for (index, area) in AREAS.iter().enumerate() {
        let count = counted(Count::of(of_area(&lines, index)));
        push(&mut page, format_args!("\n## {}\n\n{count}.\n", area.title));
        let mut first = 1;
        for (last, title) in area.parts {
            if area.parts.len() > 1 {
                push(&mut page, format_args!("\n### {title}\n"));
            }
            page.push_str("\n| line | what holds | case |\n|---|---|---|\n");
            for number in first..=*last {
                if let Some(line) = lines.get(&(index, number)) {
                    rows(&mut page, area, (index, number), line);
                }
            }
            first = last + 1;
        }
    }
    page
}

/// A count in words.
pub(super) fn counted(count: Count) -> String {
    let Count {
        lines,
        checked,
        explained,
    } = count;
    match count.missing() {
        0 => format!("{lines} lines: {checked} with cases, {explained} explained"),
        missing => format!(
            "{lines} lines: {checked} with cases, {explained} explained, {missing} not yet either"
        ),
    }
}

/// One row for each case of a line; the first has the line's name.
fn rows(page: &mut String, area: &Area, (index, number): Place, line: &Line) {
    let star = if area.beyond.contains(&number) {
        "*"
    } else {
        ""
    };
    let mut name = format!("{}{number}{star}", area.letter);
    for (case, says) in line.cases.iter().map(|(name, case)| (name, case.says)) {
        push(
            page,
            format_args!("| {name} | {} | `{case}` |\n", cell(says)),
        );
        name.clear();
    }
    if !line.cases.is_empty() {
        return;
    }
    let own = UNCHECKED
        .iter()
        .find(|own| AREAS[index].layer.is_none() && name.trim_end_matches('*') == own.0);
    let says = own.map_or("", |own| own.1);
    let why = match line.left_out {
        Some(left_out) => format!("None: {}", cell(left_out.why)),
        None => "None yet.".to_owned(),
    };
    push(page, format_args!("| {name} | {} | {why} |\n", cell(says)));
}

/// A sentence that stays within its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Writing to a string cannot fail.
fn push(page: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = page.write_fmt(text);
}
