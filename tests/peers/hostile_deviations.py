"""Where the libraries do something else than the rule, and why. Each entry has to come
true, else the table has grown old."""

from hostile_table import ANSWERS, BEGIN, ENDS, EVERYWHERE, OPEN, WAITS, of


class Deviation:
    def __init__(self, outcome, why, names, where=None):
        self.outcome = outcome
        self.why = why
        self.names = names
        # None is wherever the attack is.
        self.where = where


UNREADABLE = "rustls says decode_error to every record or message that it cannot read"
TWO_WORDS = "rustls says handshake_failure wherever the two sides have nothing in common"
NO_ALERT = "rustls ends the connection here without having queued an alert"
FORM_FIRST = "rustls reads the body of a message before it asks whether the message is due"
BEFORE_HELLO = (
    "OpenSSL takes nothing but a handshake record before the ClientHello, and in TLS 1.2 none "
    "but that between ChangeCipherSpec and Finished"
)
SUITE_FIRST = (
    "OpenSSL's part for this cipher refuses a length that the part for TLS did not look at, "
    "which it takes for its own failure"
)
CHANGE = of("1.3", "second ClientHello", "Finished")
OLD_ENCRYPTED = of("1.2", "Finished", "open")
NEW_ENCRYPTED = of("1.3", "Finished", "open")
DEAF = BEGIN | of("1.2", "Finished")

DEVIATIONS = {
    "rustls": [
        Deviation("decode_error", FORM_FIRST,
                  ["NewSessionTicket", "Certificate", "CertificateRequest"], NEW_ENCRYPTED),
        Deviation("decode_error", UNREADABLE, [
            "message_hash", "an empty ChangeCipherSpec", "a record of an unknown type",
            "a record of an unknown type, in the clear", "a heartbeat that was not agreed on",
            "an empty alert record", "a record that is too long", "an HTTP request",
            "a greeting of SMTP", "an SSH version", "a PostgreSQL request", "zeros", "ones",
            "noise",
        ]),
        Deviation("decode_error", UNREADABLE + ", and a sealed ChangeCipherSpec is one",
                  ["ChangeCipherSpec"], OLD_ENCRYPTED),
        Deviation("decode_error", UNREADABLE,
                  ["ChangeCipherSpec of another value", "ChangeCipherSpec of two bytes"],
                  of("1.2", "ChangeCipherSpec")),
        Deviation("decode_error", UNREADABLE, ["an empty handshake record"],
                  EVERYWHERE - OLD_ENCRYPTED - NEW_ENCRYPTED),
        Deviation(WAITS, "rustls skips handshake records whose seal is all that they have",
                  ["an empty handshake record"], OLD_ENCRYPTED | NEW_ENCRYPTED),
        Deviation(WAITS, "rustls believes nobody who closes before data may come: it waits for "
                  "the end of the stream, or for the timeout of the handshake",
                  ["close_notify within the handshake"], of("1.2") - OPEN | of("1.3", "ClientHello")),
        Deviation("decode_error", "rustls answers to warnings that TLS 1.3 does not have",
                  ["close_notify within the handshake", "an error as a warning"],
                  of("1.3") - BEGIN),
        Deviation(WAITS, "rustls does not know yet that it is TLS 1.3, where warnings are none",
                  ["an error as a warning"], BEGIN),
        Deviation("decode_error", "rustls allows records in the clear the length of sealed ones, "
                  "and reads this one", ["a message in the clear that is too long for a record"]),
        Deviation(ENDS, NO_ALERT, [
            "an alert within a message", "data within a message", "nothing but padding",
            "a ClientKeyExchange without a key", "a ClientKeyExchange that ends within its key",
        ]),
        Deviation("decrypt_error", "to rustls a Finished of another length is a wrong one",
                  ["a Finished that is too short", "a Finished that is too long",
                   "an empty Finished"]),
        Deviation(ANSWERS, "rustls does not know TLS_FALLBACK_SCSV",
                  ["a fallback that was not needed"]),
        Deviation(ANSWERS, "rustls renegotiates with nobody, and does not look into the extension",
                  ["a renegotiation from nowhere"]),
        Deviation("handshake_failure", TWO_WORDS, [
            "no signature algorithms", "no groups", "no key shares",
            "a second ClientHello without a key share",
        ]),
        Deviation(ANSWERS, "rustls knows the key not, and does not look at its binder",
                  ["a binder that is too short"]),
        Deviation("bad_certificate", "to rustls it is a certificate that cannot be read",
                  ["an empty certificate"], of("1.2", "Certificate")),
        Deviation("certificate_required", "rustls has the alert of TLS 1.3 for both versions",
                  ["no certificate"], of("1.2", "Certificate")),
    ],
    "openssl": [
        Deviation("illegal_parameter", "OpenSSL takes its body for a value in TLS 1.3", [
            "an empty ChangeCipherSpec", "ChangeCipherSpec of another value",
            "ChangeCipherSpec of two bytes",
        ], CHANGE),
        Deviation("internal_error", SUITE_FIRST,
                  ["an empty ChangeCipherSpec", "a record that is shorter than its seal"],
                  OLD_ENCRYPTED),
        Deviation("bad_record_mac", "the coder refuses the header before the record is whole, and "
                  "has OpenSSL make the alert with a record that nobody has sealed", [
                      "a record of an unknown type", "a record of an unknown type, in the clear",
                  ], OLD_ENCRYPTED),
        Deviation(WAITS, "OpenSSL forgives 32 empty records in a row",
                  ["an empty handshake record"], OLD_ENCRYPTED),
        Deviation("unexpected_message", "OpenSSL does not read an alert of another length",
                  ["half an alert"]),
        Deviation("unexpected_message", BEFORE_HELLO, [
            "an alert of no level", "a fatal alert", "a fatal alert that is unknown",
            "close_notify within the handshake", "an error as a warning",
        ], DEAF),
        Deviation(WAITS, "OpenSSL allows warnings between the parts of a message",
                  ["an alert within a message"],
                  of("1.2", "ClientKeyExchange", "open") | CHANGE),
        Deviation("illegal_parameter", "OpenSSL allows warnings between the parts of a message, and "
                  "what it has then is a KeyUpdate of another value",
                  ["an alert within a message"], of("1.3", "open")),
        Deviation("illegal_parameter", "to OpenSSL no suites are a value, and none that can be",
                  ["no cipher suites"]),
        Deviation("decode_error", "to OpenSSL no compression is a part of the form",
                  ["compression alone"]),
        Deviation("handshake_failure", "OpenSSL says it in the words of SSL 3.0, which has no alert "
                  "for versions", ["SSL 3.0"]),
        Deviation(ANSWERS, "OpenSSL looks for repeats among extensions that it knows",
                  ["an unknown extension twice"]),
        Deviation(ANSWERS, "OpenSSL does not mind an empty name, and takes it for none",
                  ["a server name without a name"]),
        Deviation(ANSWERS, "OpenSSL needs no points where the curve is X25519",
                  ["compressed points alone"]),
        Deviation("handshake_failure", "OpenSSL finds no key where there is none to read",
                  ["a ClientKeyExchange without a key"]),
        Deviation("no_renegotiation, no_renegotiation, record_overflow", "OpenSSL would answer for "
                  "ever; the coder ends that with the one alert that it can make OpenSSL send",
                  ["a renegotiation"]),
        Deviation("protocol_version", "to OpenSSL a list of versions without form has none in it",
                  ["an empty list of versions", "half a version"]),
        Deviation(ANSWERS, "OpenSSL knows the key not, and does not look at its binder",
                  ["a binder that is too short"]),
        Deviation("illegal_parameter", "OpenSSL knows the length of each message, and refuses more "
                  "before it reads the message", ["a KeyUpdate that is too long"]),
    ],
}


def deviation(provider, attack, place):
    """What this library does instead, if it does."""
    for each in DEVIATIONS[provider]:
        if attack.name in each.names and (each.where is None or place in each.where):
            return each
    return None
