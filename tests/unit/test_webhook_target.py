"""Where webhooks may go, by what a URL says and by what its name resolves to."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.webhook_target import Target, refusal_of, target_of

REFUSED_URLS = [
    ("http://hooks.example.com/", "https://"),
    ("ftp://hooks.example.com/", "https://"),
    ("hooks.example.com", "names no host"),
    ("https://", "names no host"),
    ("https:///path", "names no host"),
    ("javascript:alert(1)", "names no host"),
    ("", "characters"),
    ("https://hooks.example.com/a b", "characters"),
    ("https://hooks.example.com/\r\nX-Evil: 1", "characters"),
    ("https://hooks.example.com\\@10.0.0.1/", "characters"),
    ("https://höoks.example.com/", "characters"),
    ("https://alice:secret@hooks.example.com/", "user name or password"),
    ("https://hooks.example.com@10.0.0.1/", "user name or password"),
    ("https://hooks.example.com/#part", "fragment"),
    ("https://hooks.example.com:0/", "port"),
    ("https://hooks.example.com:65536/", "port"),
    ("https://hooks.example.com:https/", "port"),
    ("https://[::1/", "no URL"),
    ("https://[fe80::1%25eth0]/", "no name of a host"),
    ("https://localhost/", "machine itself"),
    ("https://localhost./", "machine itself"),
    ("https://LOCALHOST/", "machine itself"),
    ("https://127.0.0.1/", "machine itself"),
    ("https://127.8.9.1/", "machine itself"),
    ("https://[::1]/", "machine itself"),
    ("http://127.0.0.1/", "machine itself"),
    ("https://api.localhost/", "one network only"),
    ("https://printer/", "one network only"),
    ("https://printer.local/", "one network only"),
    ("https://metadata.google.internal/", "one network only"),
    ("https://2130706433/", "only some programs read"),
    ("https://0x7f000001/", "only some programs read"),
    ("https://0x7f.0.0.1/", "only some programs read"),
    ("https://127.1/", "only some programs read"),
    ("https://017700000001/", "only some programs read"),
    ("https://0177.0.0.01/", "only some programs read"),
    ("https://256.1.1.1/", "only some programs read"),
    ("https://-bad-.example.com/", "no name of a host"),
    ("https://a..example.com/", "no name of a host"),
    ("https://10.0.0.1/", "private"),
    ("https://169.254.169.254/latest/meta-data/", "metadata"),
    ("https://[::ffff:127.0.0.1]/", "stands for another"),
    ("https://0.0.0.0/", "unspecified"),
    ("https://hooks.example.com/" + "a" * 2048, "longer than 2,048"),
]

REFUSED_ADDRESSES = [
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("::1", "loopback"),
    ("0.0.0.0", "unspecified"),  # noqa: S104 - an address to refuse
    ("::", "unspecified"),
    ("0.1.2.3", "private"),
    ("10.0.0.1", "private"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.168.1.1", "private"),
    ("fc00::1", "private"),
    ("fdff::1", "private"),
    ("fec0::1", "reserved"),
    ("169.254.1.1", "link-local"),
    ("fe80::1", "link-local"),
    ("169.254.169.254", "metadata"),
    ("169.254.170.2", "metadata"),
    ("fd00:ec2::254", "metadata"),
    ("100.100.100.200", "metadata"),
    ("168.63.129.16", "metadata"),
    ("100.64.0.1", "provider"),
    ("100.127.255.255", "provider"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.255", "multicast"),
    ("ff02::1", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "reserved"),
    ("192.0.0.8", "reserved"),
    ("192.0.2.1", "private"),
    ("198.18.0.1", "private"),
    ("198.51.100.1", "private"),
    ("203.0.113.1", "private"),
    ("2001:db8::1", "reserved"),
    ("3fff::1", "reserved"),
    ("4000::1", "reserved"),
    ("::ffff:10.0.0.1", "stands for another"),
    ("::ffff:8.8.8.8", "stands for another"),
    ("::10.0.0.1", "stands for another"),
    ("2002:a00:1::", "stands for another"),
    ("2002:7f00:1::1", "stands for another"),
    ("2001:0:a00:1::1", "stands for another"),
    ("192.88.99.1", "stands for another"),
    ("64:ff9b::10.0.0.1", "private address, by way of NAT64"),
    ("64:ff9b::169.254.169.254", "metadata or credentials, by way of NAT64"),
    ("64:ff9b:1::808:808", "stands for another"),
    ("fe80::1%eth0", "link-local"),
    ("/run/socket", "no address"),
]

ALLOWED_ADDRESSES = [
    "8.8.8.8",
    "52.94.236.248",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.0",
]
ALLOWED_ADDRESSES += [
    "2606:4700::6810:1",
    "2a00:1450:4001::200e",
    "64:ff9b::8.8.8.8",
    "192.0.1.1",
    "223.255.255.255",
]

NOT_PUBLIC = [
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
    *("203.0.113.0/24", "224.0.0.0/3"),
]


@pytest.mark.parametrize(("url", "why"), REFUSED_URLS)
def test_a_url_that_is_not_allowed_is_refused_and_told_why(url: str, why: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        target_of(url, allow_local=False)

    assert why in str(refusal.value)
    assert why in refusal.value.fields["url"]
    assert refusal.value.hint


def test_a_password_in_a_url_is_not_repeated_in_its_refusal() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        target_of("https://alice:hush@hooks.example.com/", allow_local=False)

    assert "hush" not in f"{refusal.value} {refusal.value.fields} {refusal.value.hint}"


@pytest.mark.parametrize(
    ("url", "target", "authority"),
    [
        (
            "https://hooks.example.com",
            Target("https", "hooks.example.com", 443, "/", is_local=False),
            "hooks.example.com",
        ),
        (
            "HTTPS://Hooks.Example.Com.:8443/T0/x?key=%20a&b",
            Target("https", "hooks.example.com", 8443, "/T0/x?key=%20a&b", is_local=False),
            "hooks.example.com:8443",
        ),
        ("https://8.8.8.8/x", Target("https", "8.8.8.8", 443, "/x", is_local=False), "8.8.8.8"),
        (
            "https://xn--hks-tna.example/",
            Target("https", "xn--hks-tna.example", 443, "/", is_local=False),
            "xn--hks-tna.example",
        ),
        (
            "https://[2606:4700::1]:444/",
            Target("https", "2606:4700::1", 444, "/", is_local=False),
            "[2606:4700::1]:444",
        ),
    ],
)
def test_a_url_of_the_public_internet_is_allowed(url: str, target: Target, authority: str) -> None:
    assert target_of(url, allow_local=False) == target
    assert target.authority == authority


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]:1/", "https://localhost:8443/"]
)
def test_this_machine_is_allowed_when_local_webhooks_are(url: str) -> None:
    assert target_of(url, allow_local=True).is_local


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://10.0.0.1/",
        "http://192.168.1.7/",
        "https://nas.local/",
        "ftp://127.0.0.1/",
    ],
)
def test_local_webhooks_allow_this_machine_and_nothing_else(url: str) -> None:
    with pytest.raises(InvalidRequest):
        target_of(url, allow_local=True)


@pytest.mark.parametrize(("address", "why"), REFUSED_ADDRESSES)
def test_an_address_that_is_not_public_is_refused_and_told_why(address: str, why: str) -> None:
    assert why in (refusal_of(address, is_local=False) or "allowed")


@pytest.mark.parametrize("address", ALLOWED_ADDRESSES)
def test_a_public_address_is_allowed(address: str) -> None:
    assert refusal_of(address, is_local=False) is None


def test_a_target_on_this_machine_leads_nowhere_else() -> None:
    assert refusal_of("127.0.0.1", is_local=True) is None
    assert refusal_of("::1", is_local=True) is None
    for address in ("8.8.8.8", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1"):
        assert refusal_of(address, is_local=True) is not None


@given(st.sampled_from(NOT_PUBLIC).flatmap(lambda network: st.ip_addresses(network=ip_network(network))))
def test_what_is_not_public_is_refused_in_every_form_that_leads_there(address: IPv4Address) -> None:
    number = int(address)
    forms = [
        address,
        IPv6Address(number),
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(0xFFFF << 48 | number),
        IPv6Address(int(IPv6Address("64:ff9b::")) | number),
        IPv6Address(int(IPv6Address("64:ff9b:1::")) | number),
        IPv6Address(0x2002 << 112 | number << 80),
        IPv6Address(0x20010000 << 96 | number << 64 | 0xFFFFFFFF ^ number),
    ]

    assert [form for form in forms if refusal_of(str(form), is_local=False) is None] == []


@given(
    st.ip_addresses(v=4).filter(lambda address: not any(address in ip_network(each) for each in NOT_PUBLIC))
)
def test_only_few_other_addresses_are_refused(address: IPv4Address) -> None:
    refusal = refusal_of(str(address), is_local=False)

    assert refusal is None or address in ip_network("192.88.99.0/24") or "metadata" in refusal


@given(st.ip_addresses(v=6).filter(lambda address: address not in IPv6Network("2000::/3")))
def test_no_ipv6_address_outside_of_what_is_in_use_is_allowed(address: IPv6Address) -> None:
    assert refusal_of(str(address), is_local=False) is not None or address in IPv6Network("64:ff9b::/96")


@given(st.text() | st.from_regex(r"https?://[\x21-\x7e]{0,40}", fullmatch=True))
def test_any_text_is_a_target_or_is_refused(text: str) -> None:
    try:
        target = target_of(text, allow_local=False)
    except InvalidRequest:
        return
    assert target.scheme == "https"
    assert not target.is_local
    assert 1 <= target.port <= 65535
    assert target.path.isascii()
    assert target.path.startswith("/")
