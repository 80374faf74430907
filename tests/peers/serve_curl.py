"""curl as a client."""

import tempfile

from harness import case, equal, run, sha256
from served import curl


@case
def curl_gets_every_file(site):
    for name in ["/small.txt", "/empty", "/large.bin"]:
        equal(sha256(curl(site.server.url + name)), sha256(site.files[name]), name)


@case
def curl_gets_ranges(site):
    whole = site.files["/small.txt"]
    for spec, expected in [
        ("0-0", whole[:1]),
        ("10-29", whole[10:30]),
        ("990-", whole[990:]),
        ("-5", whole[-5:]),
        ("-5000", whole),
        ("999-5000", whole[999:]),
    ]:
        url = site.server.url + "/small.txt"
        code = curl("--range", spec, "--write-out", "%{http_code}", url)
        equal(code, expected + b"206", spec)
    large = site.files["/large.bin"]
    part = curl("--range", "1000001-33000000", site.server.url + "/large.bin")
    equal(sha256(part), sha256(large[1000001:33000001]), "a large range")


@case
def curl_gets_many_in_parallel(site):
    with tempfile.TemporaryDirectory() as place:
        curl(
            "--parallel", "--parallel-max", "10", "--output", f"{place}/#1",
            site.server.url + "/many/[0-19]",
        )
        for number in range(20):
            with open(f"{place}/{number}", "rb") as file:
                equal(sha256(file.read()), sha256(site.files[f"/many/{number}"]), number)


@case
def curl_keeps_its_connection(site):
    urls = [f"{site.server.url}/many/{number}" for number in range(10)]
    done = run(
        "curl", "--silent", "--write-out", "%{num_connects}",
        *[part for url in urls for part in ("--output", "/dev/null", url)],
    )
    equal(done.stdout, b"1" + b"0" * 9, "connections made for each")


@case
def curl_resumes(site):
    with tempfile.TemporaryDirectory() as place:
        target = f"{place}/part"
        with open(target, "wb") as file:
            file.write(site.files["/large.bin"][:12345])
        curl("--continue-at", "-", "--output", target, site.server.url + "/large.bin")
        with open(target, "rb") as file:
            equal(sha256(file.read()), sha256(site.files["/large.bin"]), "resumed")
