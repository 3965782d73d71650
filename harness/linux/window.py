# SPDX-License-Identifier: GPL-2.0-only
"""window - what the guest left in a window besides replies: errors and blobs

The layout is wire.h; its replies are read by `tidemark linux`, not here.
"""

import dataclasses
import os
import struct

HEAD = struct.Struct('<QIIQQ128s128sII')
BLOB = struct.Struct('<32sIIQQ')
PROGRAM = struct.Struct('<QIIIIQQ')
FREE_AT = 16			# in the head: what is free, then the window's size
MAGIC = 0x6b72616d65646974
VERSION = 1
BLOBS_MAX = 64
PROGRAMS_MAX = 1024
OP_SIZE = 24
DONE, HELD = 1, 3		# enum wire_status


@dataclasses.dataclass
class Blob:
	name: str
	programs: int		# how many had been run by then
	data: bytes


@dataclasses.dataclass
class Window:
	kernel: str
	error: str
	blobs: list
	programs: int
	done: int		# programs that ran

	def blob(self, name):
		return next((blob.data for blob in self.blobs if blob.name == name), None)


def write_empty(path, size, programs):
	"""A window whose programs have no ops: what remains of a reply is its snapshots."""
	first = HEAD.size + BLOBS_MAX * BLOB.size
	free = first + PROGRAMS_MAX * PROGRAM.size
	with open(path, 'wb') as file:
		file.truncate(size)
		file.write(HEAD.pack(MAGIC, VERSION, programs, free, size, b'', b'', 0, 0))
		file.seek(first)
		file.write(PROGRAM.pack(free, 0, 0, 0, 0, 0, 0) * programs)


def add(file, data):
	"""Puts the data behind all that is there, as the module does; returns its offset."""
	file.seek(FREE_AT)
	offset, size = struct.unpack('<QQ', file.read(16))
	free = (offset + len(data) + 7) // 8 * 8
	if free > size:
		raise ValueError('no room in the window for %d bytes' % len(data))
	file.seek(offset)
	file.write(data)
	file.seek(FREE_AT)
	file.write(struct.pack('<Q', free))
	return offset


def write_reply(path, program, data):
	"""The reply of a program that the host has run itself, before there is a module."""
	with open(path, 'r+b') as file:
		at = HEAD.size + BLOBS_MAX * BLOB.size + program * PROGRAM.size
		file.seek(at)
		ops = PROGRAM.unpack(file.read(PROGRAM.size))[:4]
		row = PROGRAM.pack(*ops, DONE, add(file, data), len(data))
		file.seek(at)
		file.write(row)


def write_blob(path, name, programs, data):
	with open(path, 'r+b') as file:
		offset = add(file, data)
		file.seek(0)
		*head, nr, reserved = HEAD.unpack(file.read(HEAD.size))
		file.seek(HEAD.size + nr * BLOB.size)
		file.write(BLOB.pack(name.encode(), programs, 0, offset, len(data)))
		file.seek(0)
		file.write(HEAD.pack(*head, nr + 1, reserved))


def write_again(old, new, hold=None, only=None):
	"""A window's programs without replies: all, to wait before program `hold`, or one."""
	first = HEAD.size + BLOBS_MAX * BLOB.size
	with open(old, 'rb') as file:
		magic, version, nr, *_ = HEAD.unpack(file.read(HEAD.size))
		file.seek(first)
		rows = [PROGRAM.unpack(file.read(PROGRAM.size)) for _ in range(nr)]
		end = max(ops + nr_ops * OP_SIZE for ops, nr_ops, *_ in rows)
		file.seek(0)
		data = file.read(end)
		size = file.seek(0, os.SEEK_END)
	if only is not None:
		rows = [rows[only]]
	with open(new, 'wb') as file:
		file.truncate(size)
		file.write(data)
		file.seek(0)
		file.write(HEAD.pack(magic, version, len(rows), -(-end // 8) * 8, size, b'', b'', 0,
				     0 if hold is None else hold + 1))
		file.seek(first)
		for row in rows:
			file.write(PROGRAM.pack(*row[:4], 0, 0, 0))


def status(path, program):
	"""enum wire_status of a program, and what the module complained of so far."""
	with open(path, 'rb') as file:
		error = HEAD.unpack(file.read(HEAD.size))[6]
		file.seek(HEAD.size + BLOBS_MAX * BLOB.size + program * PROGRAM.size)
		return PROGRAM.unpack(file.read(PROGRAM.size))[4], text(error)


def text(raw):
	return raw.split(b'\0')[0].decode(errors='replace')


def read_blob(file, index):
	file.seek(HEAD.size + index * BLOB.size)
	name, programs, _, offset, size = BLOB.unpack(file.read(BLOB.size))
	file.seek(offset)
	return Blob(text(name), programs, file.read(size))


def read(path):
	with open(path, 'rb') as file:
		magic, version, programs, _, _, kernel, error, blobs, _ = HEAD.unpack(
			file.read(HEAD.size))
		if magic != MAGIC or version != VERSION:
			raise ValueError('%s: not a window of version %d' % (path, VERSION))
		file.seek(HEAD.size + BLOBS_MAX * BLOB.size)
		table = [PROGRAM.unpack(file.read(PROGRAM.size)) for _ in range(programs)]
		return Window(text(kernel), text(error),
			      [read_blob(file, i) for i in range(blobs)], programs,
			      sum(row[4] == DONE for row in table))
