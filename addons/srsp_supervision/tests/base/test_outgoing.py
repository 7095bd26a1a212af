from odoo.tests import BaseCase

from ...tools.outgoing import is_reachable, parse_networks

PUBLIC = ("1.1.1.1", "223.5.5.5", "2606:4700:4700::1111", "::ffff:1.1.1.1")
INSIDE = (
    *("0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254"),
    *("169.254.169.254", "172.16.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%1", "fec0::1"),
    *("ff02::1", "ff0e::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1"),
    *("2002:7f00:1::", "2001:db8::1", "64:ff9b::7f00:1", "2001::1"),
)


class TestOutgoing(BaseCase):
    def test_the_public_internet_is_reached_and_nothing_else(self):
        for address in PUBLIC:
            self.assertTrue(is_reachable(address), address)
        for address in INSIDE:
            self.assertFalse(is_reachable(address), address)

    def test_an_allowed_network_is_reached_and_its_neighbours_are_not(self):
        allowed = parse_networks("10.1.0.0/16, fd00::/8 127.0.0.1")
        reached = ("10.1.2.3", "::ffff:10.1.2.3", "fd12::1", "127.0.0.1")
        for address in reached:
            self.assertTrue(is_reachable(address, allowed), address)
        for address in ("10.2.0.1", "127.0.0.2", "fe80::1", "::1"):
            self.assertFalse(is_reachable(address, allowed), address)
