# SPDX-License-Identifier: GPL-2.0-only
"""memory - the allocator's state, read out of a stopped guest's memory

What module/snapshot.c writes from inside, as long as there are no modules: the
same sections of wire.h, from the same structures.  Offsets and numbers come
from module/layout.c, addresses from a boot that showed its kallsyms.  For one
node, amd64, and kernels that lie where they were linked to (nokaslr).
"""

import array
import struct

PAGE = 4096
RECORD = struct.Struct('<56sII')
TEXT_START = 0xffffffff80000000		# where the kernel's image is mapped
PRESENT, LARGE = 1, 1 << 7
FRAME = 0x000ffffffffff000
WORD = (1 << 64) - 1
NONE = WORD				# WIRE_NONE


class Layout:
	"""layout['zone.flags'] is an offset, layout['page'] a size, layout['PG_lru'] a number."""

	def __init__(self, raw):
		self.number = {}
		self.bytes = {}
		for name, number, size in RECORD.iter_unpack(raw):
			name = name.split(b'\0')[0].decode()
			self.number[name] = number
			self.bytes[name] = size

	def __getitem__(self, name):
		return self.number[name]


def read_symbols(text):
	"""Names of kallsyms that stand for one address only; modules' are left out."""
	symbols = {}
	for line in text.splitlines():
		fields = line.split()
		if len(fields) == 3:
			address = int(fields[0], 16)
			symbols[fields[2]] = None if fields[2] in symbols else address
	return {name: address for name, address in symbols.items() if address is not None}


class Memory:
	"""Reads by the guest's own page tables; `ram` is its physical memory."""

	def __init__(self, ram, symbols, layout):
		self.ram = ram
		self.symbols = symbols
		self.layout = layout
		self.known = {}
		self.top = symbols['init_top_pgt'] - TEXT_START

	def quad(self, physical):
		return struct.unpack_from('<Q', self.ram, physical)[0]

	def forget(self):
		"""The guest ran meanwhile: its page tables may be others."""
		self.known.clear()

	def physical(self, address):
		page = address >> 12
		if page not in self.known:
			self.known[page] = self.walk(address) & -PAGE
		return self.known[page] | address & (PAGE - 1)

	def walk(self, address):
		table = self.top
		for shift in (39, 30, 21, 12):
			entry = self.quad(table + (address >> shift & 511) * 8)
			if not entry & PRESENT:
				raise ValueError('nothing is mapped at %x' % address)
			table = entry & FRAME
			if shift == 12 or (shift < 39 and entry & LARGE):
				inside = (1 << shift) - 1
				return table & ~inside | address & inside
		raise AssertionError

	def read(self, address, size):
		parts = []
		while size:
			here = min(size, PAGE - address % PAGE)
			start = self.physical(address)
			parts.append(self.ram[start:start + here])
			address += here
			size -= here
		return b''.join(parts)

	def u(self, address, size=8):
		return int.from_bytes(self.read(address, size), 'little')

	def s(self, address, size):
		return int.from_bytes(self.read(address, size), 'little', signed=True)

	def member(self, base, name):
		return self.u(base + self.layout[name], self.layout.bytes[name])

	def symbol(self, name, size=8):
		return self.u(self.symbols[name], size)

	def pfn(self, page):
		return (page - self.symbol('vmemmap_base')) // self.layout['page']


class Sections:
	"""The words of a reply."""

	def __init__(self, layout):
		self.layout = layout
		self.parts = []

	def add(self, kind, words=(), zone=0, index=0):
		words = [word & WORD for word in words]
		self.parts.append(struct.pack('<HBBIQ', self.layout[kind], 0, zone, index,
					      len(words)))
		self.parts.append(struct.pack('<%dQ' % len(words), *words))

	def bytes(self):
		return b''.join(self.parts)


class Snapshot:
	"""Writes one snapshot; nothing of the guest may run meanwhile."""

	def __init__(self, memory, sections):
		self.m = memory
		self.l = memory.layout
		self.out = sections
		self.node = memory.symbol('node_data')
		self.cpus = memory.symbol('__cpu_online_mask')
		self.map = memory.symbol('vmemmap_base')
		self.zone_types = {self.l[name]: self.l['WIRE_' + name] for name in (
			'ZONE_DMA', 'ZONE_DMA32', 'ZONE_NORMAL', 'ZONE_MOVABLE', 'ZONE_DEVICE')}
		self.types = {self.l['MIGRATE_' + name]: self.l['WIRE_' + wire] for name, wire in (
			('UNMOVABLE', 'UNMOVABLE'), ('MOVABLE', 'MOVABLE_TYPE'),
			('RECLAIMABLE', 'RECLAIMABLE'), ('HIGHATOMIC', 'HIGHATOMIC'),
			('ISOLATE', 'ISOLATE'))}

	def page(self, pfn):
		return self.map + pfn * self.l['page']

	def write(self, index):
		self.m.forget()
		self.out.add('WIRE_SNAPSHOT', index=index)
		self.machine()
		self.out.add('WIRE_NODE', [self.cpus, 10])	# LOCAL_DISTANCE
		self.zonelist(0, 'ZONELIST_FALLBACK')
		self.zonelist(1, 'ZONELIST_NOFALLBACK')
		for i in range(self.l['MAX_NR_ZONES']):
			zone = self.node + self.l['pglist_data.node_zones'] + i * self.l['zone']
			self.zone(zone, self.zone_types[i])

	def machine(self):
		m, l = self.m, self.l
		words = [0] * l['NR_WM']
		online = m.symbols['node_states'] + l['N_ONLINE'] * l['nodemask']
		for name, value in (
				('KERNEL', l['LINUX_VERSION_CODE']),
				('NR_CPUS', m.symbol('nr_cpu_ids', 4)), ('ONLINE_CPUS', self.cpus),
				('ONLINE_NODES', m.u(online)), ('PAGE_SHIFT', l['PAGE_SHIFT']),
				('PAGEBLOCK_ORDER', l['pageblock_order']),
				('MAX_ORDER', l['TOP_ORDER']),
				('ZONE_TYPES', sum(1 << i for i in self.zone_types.values())),
				('NO_GROUPING', m.symbol('page_group_by_mobility_disabled', 4)),
				('MIN_FREE_KBYTES', m.symbol('min_free_kbytes', 4)),
				('WATERMARK_SCALE_FACTOR', m.symbol('watermark_scale_factor', 4)),
				('WATERMARK_BOOST_FACTOR', m.symbol('watermark_boost_factor', 4)),
				('PCP_HIGH_FRACTION',
				 m.symbol('percpu_pagelist_high_fraction', 4))):
			words[l['WM_' + name]] = value
		for kernel, wire in self.zone_types.items():
			ratio = m.symbols['sysctl_lowmem_reserve_ratio'] + 4 * kernel
			words[l['WM_LOWMEM_RATIO'] + wire] = m.s(ratio, 4)
		self.out.add('WIRE_MACHINE', words)

	def zonelist(self, index, which):
		m, l = self.m, self.l
		at = (self.node + l['pglist_data.node_zonelists'] + l[which] * l['zonelist'] +
		      l['zonelist._zonerefs'])
		ids = []
		while m.member(at, 'zoneref.zone'):
			ids.append(self.zone_types[m.member(at, 'zoneref.zone_idx')])
			at += l['zoneref']
		self.out.add('WIRE_ZONELIST', ids, index=index)

	# --- zones ----------------------------------------------------------------

	def zone(self, zone, kind):
		m, l = self.m, self.l
		words = self.zone_words(zone)
		self.out.add('WIRE_ZONE', words, kind)
		if not words[l['WZ_PRESENT']]:
			return
		for cpu in range(self.cpus.bit_length()):
			self.zone_cpu(zone, kind, cpu)
		for order in range(l['TOP_ORDER'] + 1):
			for kernel, wire in self.types.items():
				lists = (zone + l['zone.free_area'] + order * l['free_area'] +
					 l['free_area.free_list'] + kernel * l['list_head'])
				pfns = [self.pfn(page) for page in self.entries(lists)]
				self.out.add('WIRE_FREE_LIST_OF', pfns, kind, order << 8 | wire)
		start, end = words[l['WZ_START']], words[l['WZ_START']] + words[l['WZ_SPANNED']]
		step = 1 << l['pageblock_order']
		self.out.add('WIRE_BLOCKS', [self.block_type(pfn)
					     for pfn in range(start & -step, end, step)], kind)
		self.out.add('WIRE_MOVABLE', self.movable(start, end), kind)

	def zone_words(self, zone):
		m, l = self.m, self.l
		words = [0] * l['NR_WZ']
		for name, member in (('START', 'zone_start_pfn'), ('SPANNED', 'spanned_pages'),
				     ('PRESENT', 'present_pages'), ('MANAGED', 'managed_pages'),
				     ('BOOST', 'watermark_boost'),
				     ('HIGHATOMIC', 'nr_reserved_highatomic'),
				     ('DRIFT_MARK', 'percpu_drift_mark'),
				     ('ISOLATED_BLOCKS', 'nr_isolate_pageblock'),
				     ('PAGESET_HIGH', 'pageset_high'),
				     ('PAGESET_BATCH', 'pageset_batch')):
			words[l['WZ_' + name]] = m.member(zone, 'zone.' + member)
		for i in range(3):
			words[l['WZ_MIN'] + i] = m.u(zone + l['zone._watermark'] + 8 * i)
		for name in ('FREE', 'FREE_CMA'):
			item = zone + l['zone.vm_stat'] + 8 * l['NR_%s_PAGES' % name]
			words[l['WZ_' + name]] = m.u(item)
		flags = m.member(zone, 'zone.flags')
		for wire, bit in (('WIRE_BOOSTED', 'ZONE_BOOSTED_WATERMARK'),
				  ('WIRE_RECLAIM_ACTIVE', 'ZONE_RECLAIM_ACTIVE')):
			words[l['WZ_FLAGS']] |= l[wire] if flags >> l[bit] & 1 else 0
		for kernel, wire in self.zone_types.items():
			words[l['WZ_RESERVE'] + wire] = m.u(zone + l['zone.lowmem_reserve'] +
							    8 * kernel)
		return words

	def zone_cpu(self, zone, kind, cpu):
		m, l = self.m, self.l
		offset = m.u(m.symbols['__per_cpu_offset'] + 8 * cpu)
		pcp = m.member(zone, 'zone.per_cpu_pageset') + offset & WORD
		stat = m.member(zone, 'zone.per_cpu_zonestats') + offset & WORD
		words = [0] * l['NR_WC']
		for name in ('COUNT', 'HIGH', 'BATCH', 'FREE_FACTOR', 'EXPIRE'):
			words[l['WC_' + name]] = m.member(pcp, 'per_cpu_pages.' + name.lower())
		for name in ('FREE', 'CMA'):
			item = l['NR_FREE_PAGES' if name == 'FREE' else 'NR_FREE_CMA_PAGES']
			words[l['WC_DIFF_' + name]] = m.s(
				stat + l['per_cpu_zonestat.vm_stat_diff'] + item, 1)
		words[l['WC_THRESHOLD']] = m.member(stat, 'per_cpu_zonestat.stat_threshold')
		self.out.add('WIRE_ZONE_CPU', words, kind, cpu)
		for i in range(l['NR_PCP_LISTS']):
			pages = self.entries(pcp + l['per_cpu_pages.lists'] + i * l['list_head'])
			self.out.add('WIRE_PCP_LIST', [
				self.types[m.member(page, 'page.index')] << 56 | self.pfn(page)
				for page in pages], kind, cpu << 8 | i)

	def entries(self, head):
		"""The pages of a list, from its head on."""
		at = self.m.u(head)
		while at != head:
			yield at - self.l['page.lru']
			at = self.m.u(at)

	def pfn(self, page):
		return (page - self.map) // self.l['page']

	# --- places ------------------------------------------------------------------

	def section(self, pfn):
		"""The mem_section that has this page, or None: there is no such memory."""
		m, l = self.m, self.l
		number = pfn << l['PAGE_SHIFT'] >> l['SECTION_SIZE_BITS']
		root = m.u(m.symbol('mem_section') + number // l['SECTIONS_PER_ROOT'] * 8)
		at = root + number % l['SECTIONS_PER_ROOT'] * l['mem_section']
		if not root or not (m.member(at, 'mem_section.section_mem_map') &
				    l['SECTION_HAS_MEM_MAP']):
			return None
		return at

	def block_type(self, pfn):
		m, l = self.m, self.l
		section = self.section(pfn)
		if section is None:
			return NONE
		flags = m.member(section, 'mem_section.usage')
		flags += l['mem_section_usage.pageblock_flags']
		inside = pfn & (1 << l['SECTION_SIZE_BITS'] - l['PAGE_SHIFT']) - 1
		bit = (inside >> l['pageblock_order']) * l['NR_PAGEBLOCK_BITS']
		word = m.u(flags + bit // 64 * 8)
		return self.types[word >> bit % 64 & (1 << l['PB_migrate_end'] + 1) - 1]

	def movable(self, start, end):
		"""A bit per page that is on an LRU or says that it can move."""
		l = self.l
		words = [0] * ((end - start + 63) // 64)
		size = l['page'] // 8
		step = PAGE // l['page']
		for first in range(start & -step, end, step):
			if self.section(first) is None:
				continue
			raw = array.array('Q', self.m.read(self.page(first), PAGE))
			flags = raw[l['page.flags'] // 8::size]
			mapping = raw[l['page.mapping'] // 8::size]
			for i in range(step):
				moves = (mapping[i] & l['PAGE_MAPPING_FLAGS'] ==
					 l['PAGE_MAPPING_MOVABLE'])
				if start <= first + i < end and (moves or
								 flags[i] >> l['PG_lru'] & 1):
					at = first + i - start
					words[at // 64] |= 1 << at % 64
		return words
