# SPDX-License-Identifier: GPL-2.0-only
"""stub - stops a guest at functions of its kernel, by the remote protocol of gdb"""

import socket
import struct
import time

REGISTERS = ('rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', 'r8', 'r9', 'r10', 'r11',
	     'r12', 'r13', 'r14', 'r15', 'rip')


class Gone(Exception):
	"""The guest has ended."""


class Stub:
	"""One guest, which stands still when this begins."""

	def __init__(self, connection, deadline):
		self.connection = connection
		self.deadline = deadline
		self.pending = b''
		self.points = set()

	# --- packets ---------------------------------------------------------------

	def more(self):
		left = self.deadline - time.monotonic()
		if left <= 0:
			raise TimeoutError
		self.connection.settimeout(left)
		try:
			data = self.connection.recv(65536)
		except ConnectionError:
			data = b''
		if not data:
			raise Gone
		self.pending += data

	def byte(self):
		while not self.pending:
			self.more()
		first, self.pending = self.pending[:1], self.pending[1:]
		return first

	def put(self, data):
		try:
			self.connection.sendall(data)
		except ConnectionError:
			raise Gone from None

	def send(self, text):
		data = text.encode()
		self.put(b'$%s#%02x' % (data, sum(data) & 255))

	def receive(self):
		while self.byte() != b'$':
			pass
		while b'#' not in self.pending or len(self.pending.split(b'#', 1)[1]) < 2:
			self.more()
		data, rest = self.pending.split(b'#', 1)
		self.pending = rest[2:]
		self.put(b'+')
		return data.decode()

	def ask(self, text):
		self.send(text)
		return self.receive()

	def order(self, text):
		answer = self.ask(text)
		if answer != 'OK':
			raise ValueError('%s: the stub says "%s"' % (text, answer))

	# --- the machine --------------------------------------------------------------

	def point(self, address):
		"""The guest stops whenever it gets there."""
		if address not in self.points:
			self.order('Z1,%x,1' % address)
			self.points.add(address)

	def unpoint(self, address):
		if address in self.points:
			self.order('z1,%x,1' % address)
			self.points.discard(address)

	def registers(self):
		raw = bytes.fromhex(self.ask('g')[:len(REGISTERS) * 16])
		return dict(zip(REGISTERS, struct.unpack('<%dQ' % len(REGISTERS), raw)))

	def word(self, address):
		return int.from_bytes(bytes.fromhex(self.ask('m%x,8' % address)), 'little')

	def go(self, at=None):
		"""Runs until a point; `at` is the one where it stands.  Returns the registers."""
		if at in self.points:
			self.order('z1,%x,1' % at)
			self.wait('s')
			self.order('Z1,%x,1' % at)
			registers = self.registers()
			if registers['rip'] in self.points:
				return registers
		self.wait('c')
		return self.registers()

	def wait(self, how):
		answer = self.ask(how)
		if answer[:1] in 'WX':
			raise Gone


def pair():
	"""Our end, and qemu's."""
	return socket.socketpair()
