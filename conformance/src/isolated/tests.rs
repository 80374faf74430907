use std::fs;
use std::io::Write;

use super::diary::{Diary, Told};
use crate::verdict::Verdict;

#[test]
fn a_diary_tells_the_last_step_and_the_verdict() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("diary");
    let diary = Diary::create(&path).expect("a diary");
    assert_eq!(Told::read(&path).expect("read"), Told::default());
    diary.doing("one\nthing").expect("written");
    diary.doing("another").expect("written");
    let verdict = Verdict::Failed("it does not hold".into());
    diary.ended(verdict.clone()).expect("written");
    let told = Told {
        step: Some("another".into()),
        verdict: Some(verdict),
    };
    assert_eq!(Told::read(&path).expect("read"), told);
}

#[test]
fn a_line_that_was_cut_is_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("diary");
    let diary = Diary::create(&path).expect("a diary");
    diary.doing("one thing").expect("written");
    let mut file = fs::File::options().append(true).open(&path).expect("open");
    file.write_all(b"{\"Doing\":\"anoth").expect("written");
    let told = Told::read(&path).expect("read");
    assert_eq!(told.step.as_deref(), Some("one thing"));
    assert_eq!(told.verdict, None);
}
