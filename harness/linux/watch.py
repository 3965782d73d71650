# SPDX-License-Identifier: GPL-2.0-only
"""watch - a guest's boot, recorded from outside until there is a module inside

The kernel records its events itself, from its command line on.  The host stops
it where no event tells what happens, and says so in lines of the same form; and
where marks, sets or thresholds change, with a snapshot before and after as the
reply of one program.  `trace_clock=counter` numbers the events: the count at a
stop says between which two of them it falls.
"""

import collections
import mmap
import os
import re

import debian
import memory
import stub
import window

# On the kernel's command line.  What turned events off and on again is left out.
APPEND = ('trace_event=kmem:mm_page_alloc,kmem:mm_page_free,kmem:mm_page_free_batched,'
	  'pagemap:mm_lru_insertion trace_buf_size=16M trace_clock=counter '
	  'initcall_blacklist=event_trace_enable_again')
BEGIN = 'early_irq_init'		# what start_kernel() calls once events are recorded
CHANGES = ('setup_per_cpu_pageset', 'init_per_zone_wmark_min', 'setup_per_zone_wmarks')
BULK = '__alloc_pages_bulk'
# Function to the line that says that it is called.
CALLS = {
	BULK: lambda w, r: 'bulk: gfp=%#x nr=%d' % (
		r['rdi'] & w.memory.symbol('gfp_allowed_mask', 4), r['rcx'] & 0xffffffff),
	'alloc_pages_exact': lambda w, r: 'exact: bytes=%d' % r['rdi'],
	'refresh_cpu_vm_stats': lambda w, r: 'fold: pagesets=%d' % (r['rdi'] & 1),
	'drain_pages_zone': lambda w, r: 'drain_zone: drained_cpu=%d' % (r['rdi'] & 0xffffffff),
	'free_reserved_area': lambda w, r: 'managed: pfn=%#x pages=%d' % w.pages(
		r['rdi'], r['rsi']),
	'__free_pages_core': lambda w, r: 'begins: pfn=%#x order=%d type=%d' % w.block(
		r['rdi'], r['rsi'] & 0xffffffff),
}
MIB_MAX = 3072				# with more, physical memory has a hole
EVENTS = 'events'			# the blob with what the guest recorded
NUMBER = re.compile(rb'\] \S+ +(\d+): ')
WRITTEN = re.compile(rb'entries-in-buffer/entries-written: (\d+)/(\d+) ')


class Ram:
	"""The memory of a guest, without a name, so that nothing of it can stay."""

	def __init__(self, mib):
		self.size = mib << 20
		self.file = os.memfd_create('ram')
		os.ftruncate(self.file, self.size)
		self.map = mmap.mmap(self.file, self.size, prot=mmap.PROT_READ)

	def options(self):
		return ['-object', 'memory-backend-file,id=ram,mem-path=/proc/self/fd/%d,size=%d,'
			'share=on' % (self.file, self.size), '-machine', 'memory-backend=ram']

	def close(self):
		self.map.close()
		os.close(self.file)


class Watch:
	"""From power on to power off."""

	def __init__(self, symbols, layout, mib, where):
		self.ram = Ram(mib)
		self.ours, self.theirs = stub.pair()
		self.where = where
		self.memory = memory.Memory(self.ram.map, symbols, memory.Layout(layout))
		self.name = {}			# of the functions that it is stopped at
		self.returns = []		# (address, stack pointer there, what to do)
		self.lines = []			# (count, line); None: a part ends, one begins
		self.nr_calls = 0
		self.changing = False		# in one of CHANGES, which may call another

	def options(self):
		return [*self.ram.options(), '-S', '-chardev',
			'socket,id=stub,fd=%d' % self.theirs.fileno(), '-gdb', 'chardev:stub']

	def files(self):
		"""What qemu inherits."""
		return [self.ram.file, self.theirs.fileno()]

	def close(self):
		self.ours.close()
		self.theirs.close()
		self.ram.close()

	def failed(self, what):
		return debian.Failed('%s: %s' % (self.where.name, what))

	def follow(self, deadline):
		"""Returns when the guest has ended; TimeoutError if it does not."""
		self.theirs.close()
		machine = stub.Stub(self.ours, deadline)
		try:
			machine.ask('?')
			self.stop_at(machine, BEGIN)
			registers = machine.go()
			while True:
				self.stopped(machine, registers)
				registers = machine.go(registers['rip'])
		except stub.Gone:
			return
		except (ValueError, KeyError) as wrong:
			raise self.failed('its memory cannot be read: %s' % wrong) from None

	# --- stops --------------------------------------------------------------------

	def stopped(self, machine, registers):
		self.memory.forget()
		count = self.memory.symbol('trace_counter')
		at = registers['rip']
		self.returned(machine, registers, count)
		name = self.name.get(at)
		if name == BEGIN:
			self.change(count)(count)
			machine.unpoint(at)
			self.stop_at(machine, *CHANGES, *CALLS)
		elif name in CHANGES and not self.changing:
			self.on_return(machine, registers, self.change(count))
		elif name in CALLS:
			self.called(machine, registers, name, count)

	def stop_at(self, machine, *names):
		for name in names:
			self.name[self.address(name)] = name
			machine.point(self.address(name))

	def called(self, machine, registers, name, count):
		self.nr_calls += 1
		call = self.nr_calls
		self.say(count, CALLS[name](self, registers), call)
		if name == BULK:
			self.on_return(machine, registers,
				       lambda count: self.say(count, 'bulk_done:', call))

	def address(self, name):
		if name not in self.memory.symbols:
			raise self.failed('the kernel has no %s, or several' % name)
		return self.memory.symbols[name]

	def pages(self, start, end):
		"""The first whole page between two addresses, and how many there are."""
		start = (start + memory.PAGE - 1) & -memory.PAGE
		return self.memory.physical(start) // memory.PAGE, (end - start) // memory.PAGE

	def block(self, page, order):
		"""A block that the allocator gets, and the type of its pageblock."""
		pfn = self.memory.pfn(page)
		return pfn, order, memory.Snapshot(self.memory, None).block_type(pfn)

	def say(self, count, line, task=0):
		self.lines.append((count, 'host-%d [000] ..... %d: %s' % (task, count, line)))

	def on_return(self, machine, registers, action):
		address = machine.word(registers['rsp'])
		machine.point(address)
		self.returns.append((address, registers['rsp'] + 8, action))

	def returned(self, machine, registers, count):
		at = registers['rip']
		for known in self.returns:
			if known[:2] == (at, registers['rsp']):
				self.returns.remove(known)
				known[2](count)
				break
		if at not in self.name and at not in [known[0] for known in self.returns]:
			machine.unpoint(at)

	def change(self, count):
		"""Takes the snapshot before; what it returns takes the one after."""
		out = memory.Sections(self.memory.layout)
		memory.Snapshot(self.memory, out).write(0)
		out.add('WIRE_RESULTS')
		began = count
		self.changing = True

		def changed(count):
			self.changing = False
			if count != began:
				raise self.failed('%d events while the allocator changed'
						  % (count - began))
			memory.Snapshot(self.memory, out).write(1)
			out.add('WIRE_END')
			window.write_reply(self.where / 'window.bin',
					   sum(line is None for _, line in self.lines),
					   out.bytes())
			self.lines.append((count, None))
			self.say(count, 'snapshot: index=1')
		return changed

	# --- afterwards -----------------------------------------------------------------

	def numbered(self, text):
		"""The events with their numbers, in their order."""
		found = ((NUMBER.search(line), line) for line in text.splitlines())
		events = [(int(number.group(1)), line) for number, line in found if number]
		kept, written = map(int, WRITTEN.search(text).groups())
		# Reading begins with the event that the first piece of text had no room for.
		if len(events) == kept + 1 and events[0] in events[1:]:
			events.pop(0)
		if len(events) != kept or kept != written:
			raise self.failed('%d of %d events are lost' % (written - len(events),
									written))
		return events

	def traces(self, seen):
		"""Leaves one trace per part in the window: events and stops in their order."""
		events = seen.blob(EVENTS)
		if events is None:
			return			# it did not get that far, as others will tell
		parts = self.parts(self.numbered(events))
		if len(parts) != seen.programs - 1:
			raise self.failed('%d parts of a boot, not %d' % (len(parts),
									  seen.programs - 1))
		for index, part in enumerate(parts, 1):
			name = 'trace.%s-%d' % (self.where.name, index)
			window.write_blob(self.where / 'window.bin', name, index + 1,
					  b'\n'.join(part) + b'\n')

	def parts(self, events):
		"""What was said at a stop stands before the first event with a higher number;
		nothing that is before the first snapshot is in any part."""
		parts = [[]]
		stops = collections.deque(self.lines)
		for number, event in events:
			while stops and stops[0][0] < number:
				line = stops.popleft()[1]
				if line is None:
					parts.append([])
				else:
					parts[-1].append(line.encode())
			parts[-1].append(event)
		return parts[1:]
