//! The report of the example `transfer`.

#[path = "../examples/transfer/report.rs"]
mod report;

use std::time::Duration;

use report::Figures;

fn figures(leg: &'static str, bytes: u64, tls: bool) -> Figures {
    Figures {
        leg,
        bytes,
        sha256_equal: !tls,
        time: Duration::from_millis(500),
        cpu: Some(Duration::from_millis(250)),
        path: "sendfile(2)",
        tls_version: tls.then(|| "TLSv1.3".to_owned()),
        cipher_suite: tls.then(|| "TLS_AES_128_GCM_SHA256".to_owned()),
    }
}

#[test]
fn a_table_is_aligned() {
    let table = report::table(&[
        figures("a", 1 << 30, false),
        figures("longer", 1 << 20, false),
    ]);
    let expected = "\
leg          bytes  SHA-256  MiB/s  CPU s/GiB  path
a       1073741824  equal     2048      0.250  sendfile(2)
longer     1048576  equal        2    256.000  sendfile(2)";
    assert_eq!(table, expected);
}

#[test]
fn tls_has_columns_if_there_is_any() {
    let table = report::table(&[figures("plain", 1, false), figures("tls", 1, true)]);
    let lines: Vec<_> = table.lines().collect();
    assert!(
        lines[0].ends_with("path         TLS      cipher suite"),
        "{table}"
    );
    assert!(lines[1].ends_with("sendfile(2)  -        -"), "{table}");
    assert!(lines[2].contains("DIFFERS"), "{table}");
    assert!(
        lines[2].ends_with("TLSv1.3  TLS_AES_128_GCM_SHA256"),
        "{table}"
    );
}

#[test]
fn figures_that_cannot_be_had_are_null() {
    let mut nothing = figures("a", 0, false);
    nothing.time = Duration::ZERO;
    let text = report::json(&[nothing]);
    let parsed: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let object = parsed[0].as_object().expect("an object");
    assert_eq!(object.len(), 8);
    assert!(object["mib_per_s"].is_null() && object["cpu_s_per_gib"].is_null());
    assert!(object["tls_version"].is_null() && object["cipher_suite"].is_null());
    assert_eq!(object["bytes"], 0);
    assert!(report::table(&[]).starts_with("leg"));
}
