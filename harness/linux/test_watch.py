#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_watch - recording a boot, without one: memory, stub and lines are made up here"""

import dataclasses
import pathlib
import socket
import struct
import sys
import threading
import time
import types
import unittest
import unittest.mock

sys.dont_write_bytecode = True
import boot
import configs
import debian
import memory
import stub
import watch

TABLES = 0x1000			# where the made-up page tables are
SYMBOLS = {'init_top_pgt': memory.TEXT_START + TABLES}
HEAD = '# entries-in-buffer/entries-written: %d/%d   #P:1\n'
LINE = '          <idle>-0       [000] d..1. %12d: mm_page_free: pfn=0x%x order=0\n'


def recorded(numbers, written=None, first=()):
	text = HEAD % (len(numbers), written or len(numbers))
	return (text + ''.join(LINE % (n, n) for n in (*first, *numbers))).encode()


class Recording(unittest.TestCase):
	def setUp(self):
		self.watch = watch.Watch(SYMBOLS, b'', 1, pathlib.Path('guest'))

	def tearDown(self):
		self.watch.close()

	def numbers(self, text):
		return [number for number, _ in self.watch.numbered(text)]

	def test_events_keep_their_order(self):
		self.assertEqual(self.numbers(recorded([3, 4, 6])), [3, 4, 6])

	def test_an_event_read_twice_counts_once(self):
		self.assertEqual(self.numbers(recorded([3, 4, 6], first=[6])), [3, 4, 6])

	def test_lost_events_are_noticed(self):
		for text in (recorded([3, 4], written=5), recorded([3, 4], first=[7])):
			with self.assertRaisesRegex(debian.Failed, 'guest: .* events are lost'):
				self.numbers(text)

	def test_stops_stand_before_the_next_event(self):
		self.watch.lines = [(2, None), (2, 'begin'), (4, 'bulk'), (4, 'bulk_done'),
				    (5, None), (5, 'begin'), (9, 'never')]
		events = [(n, b'%d' % n) for n in (1, 2, 3, 4, 5, 6)]
		self.assertEqual(self.watch.parts(events), [
			[b'begin', b'3', b'4', b'bulk', b'bulk_done', b'5'], [b'begin', b'6']])

	def test_a_part_too_few_is_noticed(self):
		self.watch.lines = [(2, None)]
		seen = types.SimpleNamespace(programs=3, blob=lambda _: recorded([1, 2, 3]))
		with self.assertRaisesRegex(debian.Failed, '1 parts of a boot, not 2'):
			self.watch.traces(seen)

	def test_events_during_a_change_are_noticed(self):
		with unittest.mock.patch.object(memory, 'Snapshot'), \
				unittest.mock.patch.object(memory, 'Sections'), \
				unittest.mock.patch.object(watch.window, 'write_reply') as write:
			self.watch.change(7)(7)
			write.assert_called_once()
			with self.assertRaisesRegex(debian.Failed, '2 events while'):
				self.watch.change(7)(9)

	def test_a_guest_that_is_too_much_is_refused(self):
		row = next(row for row in configs.TRACES if row.watched)
		for other in ({'cpus': (2,)}, {'memory': (128, 128)}, {'memory': (4096,)}):
			with self.assertRaisesRegex(debian.Failed, '%s: .* one CPU' % row.name):
				boot.watched(dataclasses.replace(row, **other), [None],
					     pathlib.Path())

	def test_functions_have_to_be_there(self):
		with self.assertRaisesRegex(debian.Failed, 'no early_irq_init'):
			self.watch.address('early_irq_init')


class GuestMemory(unittest.TestCase):
	def setUp(self):
		self.ram = bytearray(8 << 20)
		tables = [TABLES + i * memory.PAGE for i in range(4)]
		for table, below in zip(tables, tables[1:]):
			struct.pack_into('<Q', self.ram, table, below | memory.PRESENT)
		# Two pages the other way round, and 2 MiB in one.
		struct.pack_into('<QQ', self.ram, tables[3], 0x9000 | 1, 0x8000 | 1)
		struct.pack_into('<Q', self.ram, tables[2] + 8, 4 << 20 | memory.LARGE | 1)
		self.memory = memory.Memory(self.ram, SYMBOLS, memory.Layout(b''))

	def test_reads_go_by_page_tables(self):
		self.ram[0x9ffe:0xa000] = b'ab'
		self.ram[0x8000:0x8002] = b'cd'
		self.assertEqual(self.memory.read(0xffe, 4), b'abcd')
		self.ram[(4 << 20) + 0x12345] = 7
		self.assertEqual(self.memory.u((2 << 20) + 0x12345, 1), 7)

	def test_what_is_not_mapped_is_refused(self):
		with self.assertRaisesRegex(ValueError, '2000'):
			self.memory.read(0x2000, 1)

	def test_names_that_are_there_twice_are_left_out(self):
		symbols = memory.read_symbols('ff10 T one\nff20 t two\nff30 t two\n'
					      'ff40 t three\t[module]\n')
		self.assertEqual(symbols, {'one': 0xff10})

	def test_layout_has_offsets_and_sizes(self):
		layout = memory.Layout(memory.RECORD.pack(b'zone.flags', 40, 8) +
				       memory.RECORD.pack(b'PG_lru', 4, 0))
		self.assertEqual((layout['zone.flags'], layout.bytes['zone.flags'],
				  layout['PG_lru']), (40, 8, 4))


class Machine(threading.Thread):
	"""Answers as qemu's stub does; stops at the addresses that it is given, then ends."""

	def __init__(self, connection, stops):
		super().__init__(daemon=True)
		self.connection = connection
		self.stops = stops
		self.at = 0
		self.asked = []

	def answer(self, text):
		self.asked.append(text)
		if text == 'g':
			return ('00' * 8 * 16 + self.at.to_bytes(8, 'little').hex())
		if text == 's':
			self.at += 1
			return 'T05'
		if text == 'c' and self.stops:
			self.at = self.stops.pop(0)
			return 'T05thread:01;'
		return {'c': 'W00', 'm10,8': '0100000000000000'}.get(text, 'OK')

	def heard(self):
		try:
			return self.connection.recv(4096)
		except OSError:
			return b''

	def run(self):
		pending = b''
		while data := self.heard():
			pending += data
			while b'#' in pending and len(pending.split(b'#', 1)[1]) >= 2:
				packet, rest = pending.split(b'#', 1)
				pending = rest[2:]
				text = self.answer(packet.split(b'$')[1].decode())
				self.connection.sendall(b'+$%s#%02x' % (
					text.encode(), sum(text.encode()) & 255))


class Stops(unittest.TestCase):
	def machine(self, stops):
		ours, theirs = socket.socketpair()
		self.addCleanup(ours.close)
		self.addCleanup(theirs.close)
		machine = Machine(theirs, stops)
		machine.start()
		return stub.Stub(ours, time.monotonic() + 20), machine

	def test_goes_on_behind_a_point(self):
		guest, machine = self.machine([0x10, 0x40])
		guest.point(0x10)
		self.assertEqual(guest.go()['rip'], 0x10)
		self.assertEqual(guest.word(0x10), 1)
		self.assertEqual(guest.go(0x10)['rip'], 0x40)
		self.assertEqual(machine.asked, ['Z1,10,1', 'c', 'g', 'm10,8', 'z1,10,1', 's',
						 'Z1,10,1', 'g', 'c', 'g'])

	def test_a_point_behind_a_point_is_not_missed(self):
		guest, machine = self.machine([0x10])
		guest.point(0x10)
		guest.point(0x11)
		guest.go()
		self.assertEqual(guest.go(0x10)['rip'], 0x11)
		self.assertEqual(machine.asked.count('c'), 1)

	def test_the_end_of_the_guest_is_noticed(self):
		guest, _ = self.machine([])
		with self.assertRaises(stub.Gone):
			guest.go()

	def test_silence_has_an_end(self):
		ours, theirs = socket.socketpair()
		with ours, theirs, self.assertRaises(TimeoutError):
			stub.Stub(ours, time.monotonic() + 0.1).go()


if __name__ == '__main__':
	unittest.main()
