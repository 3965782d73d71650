# SPDX-License-Identifier: GPL-2.0-only
"""debian - a guest's kernel, its module and its shell, from Debian's packages

Packages are downloaded and unpacked under build/linux, never installed.  What is
there already is not made again: a directory whose file `ready` says what it was
made from is complete.
"""

import hashlib
import lzma
import os
import pathlib
import re
import shutil
import struct
import subprocess

TREE = pathlib.Path(__file__).resolve().parents[2]
CACHE = TREE / 'build' / 'linux'
MODULE = TREE / 'harness' / 'linux' / 'module'
XZ_MAGIC = b'\xfd7zXZ\0'
WIRE = TREE / 'harness' / 'linux' / 'wire.h'


class Failed(Exception):
	"""What went wrong, in words for whoever called `make linux`."""


class Kernel:
	"""A kernel that guests can boot: which packages, and how they are used."""

	def __init__(self, name, arch, meta, headers, bits=64):
		self.name = name
		self.arch = arch		# Debian's name of the architecture
		self.meta = meta		# package that depends on the newest image
		self.headers = headers		# and on the newest headers
		self.bits = bits
		self.where = CACHE / 'kernels' / name

	def image(self):
		return self.where / 'image'

	def module(self):
		return self.where / 'module' / 'tidemark.ko'

	def layout(self):
		"""The table of module/layout.c."""
		where = self.where / 'module' / 'layout.bin'
		run(['objcopy', '-O', 'binary', '-j', '.tidemark_layout',
		     self.where / 'module' / 'layout.ko', where])
		return where.read_bytes()

	def kallsyms(self):
		"""A file with the addresses of all names, once a guest has told."""
		return self.where / 'kallsyms'


KERNELS = {kernel.name: kernel for kernel in (
	Kernel('6.1', 'amd64', 'linux-image-amd64', 'linux-headers-amd64'),
	Kernel('6.12', 'amd64', 'linux-image-6.12-amd64', 'linux-headers-6.12-amd64'),
	Kernel('6.1-pae', 'i386', 'linux-image-686-pae', 'linux-headers-686-pae', bits=32),
)}


def run(command, where=None, what=''):
	done = subprocess.run(command, cwd=where, stdin=subprocess.DEVNULL, text=True,
			      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
	if done.returncode != 0:
		lines = done.stdout.strip().splitlines()[-12:]
		raise Failed('%s failed:\n  %s' % (what or ' '.join(map(str, command)),
						   '\n  '.join(lines)))
	return done.stdout


# --- packages -----------------------------------------------------------------


class Archive:
	"""Debian's archive for one architecture, with an index of its own where the
	system's does not cover it: nothing of the system changes."""

	def __init__(self, arch):
		self.arch = arch
		self.options = []
		native = run(['dpkg', '--print-architecture']).strip()
		if arch != native:
			self.use_own_index()

	def use_own_index(self):
		where = CACHE / 'apt' / self.arch
		for name in ('lists/partial', 'cache/archives/partial'):
			(where / name).mkdir(parents=True, exist_ok=True)
		settings = {
			'APT::Architecture': self.arch, 'APT::Architectures': self.arch,
			'Dir::State::lists': where / 'lists', 'Dir::Cache': where / 'cache',
			'Dir::State::status': '/dev/null', 'APT::Sandbox::User': 'root',
		}
		for name, value in settings.items():
			self.options += ['-o', '%s=%s' % (name, value)]
		# One index of several may be in the middle of an update: the others will do.
		subprocess.run(['apt-get', *self.options, '-q', 'update'],
			       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
			       stderr=subprocess.DEVNULL)

	def depends(self, package):
		text = run(['apt-cache', *self.options, 'depends', '--no-recommends',
			    '--no-suggests', package])
		return re.findall(r'Depends: (\S+)', text)

	def newest(self, meta, pattern):
		for name in self.depends(meta):
			if re.match(pattern, name):
				return name.split(':')[0]
		raise Failed('%s does not depend on anything like %s' % (meta, pattern))

	def unpack(self, packages, to):
		"""Downloads and unpacks; tries once more with an index of its own."""
		debs = to / 'debs'
		debs.mkdir(parents=True, exist_ok=True)
		try:
			run(['apt-get', *self.options, '-q', 'download', *packages], debs)
		except Failed:
			if self.options:
				raise
			self.use_own_index()
			run(['apt-get', *self.options, '-q', 'download', *packages], debs)
		for deb in sorted(debs.glob('*.deb')):
			run(['dpkg', '-x', deb, to])
		shutil.rmtree(debs)


# --- directories that are complete or not there ----------------------------------


def is_ready(where, made_from):
	try:
		return (where / 'ready').read_text() == made_from
	except OSError:
		return False


def make_ready(where, made_from, build):
	"""Calls build(directory) unless `where` was made from the same."""
	if is_ready(where, made_from):
		return
	shutil.rmtree(where, ignore_errors=True)
	where.mkdir(parents=True)
	build(where)
	(where / 'ready').write_text(made_from)


# --- kernels ------------------------------------------------------------------


def kernel_packages(archive, kernel):
	image = archive.newest(kernel.meta, r'linux-image-[\d.]+\S*')
	headers = archive.newest(kernel.headers, r'linux-headers-[\d.]+\S*')
	below = archive.depends(headers)
	common = [name.split(':')[0] for name in below if name.endswith('-common')]
	kbuild = [name.split(':')[0] for name in below if name.startswith('linux-kbuild')]
	return [image, headers, *common], kbuild


def fix_headers(where):
	"""Debian's headers expect to lie under /usr/src."""
	source = where / 'usr' / 'src'
	for makefile in source.glob('linux-headers-*/Makefile'):
		text = makefile.read_text()
		if text.startswith('include /usr/src'):
			makefile.write_text(text.replace('/usr/src', str(source)))
	kbuild = next(iter(source.glob('linux-kbuild-*')), None)
	kbuild = kbuild or next((where / 'usr' / 'lib').glob('linux-kbuild-*'))
	for tree in source.glob('linux-headers-*'):
		for name in ('scripts', 'tools'):
			if (tree / name).is_symlink():
				(tree / name).unlink()
				(tree / name).symlink_to(kbuild / name)
		# Type information of modules, which nobody here reads.
		(tree / 'vmlinux').unlink(missing_ok=True)


def bootable(kernel, bzimage):
	"""What qemu boots: where it can, and that is 64 bits, the ELF image inside, since
	xz takes a second here and five in the guest; other packings are as quick there."""
	data = bzimage.read_bytes()
	setup_sectors = data[0x1f1] or 4
	offset, size = struct.unpack_from('<II', data, 0x248)
	start = (setup_sectors + 1) * 512 + offset
	packed = data[start:start + size]
	if kernel.bits != 64 or not packed.startswith(XZ_MAGIC):
		return data
	return lzma.LZMADecompressor().decompress(packed)


def fetch_kernel(kernel):
	def build(where):
		archive = Archive(kernel.arch)
		packages, kbuild = kernel_packages(archive, kernel)
		archive.unpack(packages, where)
		# Tools of the build run here, whatever the guest is.
		Archive('amd64').unpack(kbuild, where)
		fix_headers(where)
		bzimage = next((where / 'boot').glob('vmlinuz-*'))
		kernel.image().write_bytes(bootable(kernel, bzimage))
	make_ready(kernel.where, '%s, layout 2' % kernel.meta, build)


def digest(paths):
	state = hashlib.sha256()
	for path in sorted(paths):
		state.update(path.name.encode() + b'\0' + path.read_bytes())
	return state.hexdigest()


def build_module(kernel):
	sources = [*MODULE.glob('*'), WIRE]
	trees = (kernel.where / 'usr' / 'src').glob('linux-headers-*')
	headers = next(tree for tree in trees if (tree / 'Module.symvers').exists())

	def build(where):
		for source in sources:
			shutil.copy(source, where)
		arch = 'x86' if kernel.bits == 64 else 'i386'
		run(['make', '-s', '-C', headers, 'M=%s' % where, 'ARCH=' + arch,
		     'CROSS_COMPILE=', 'modules'], what='building the module for ' + kernel.name)
		run(['strip', '-g', where / 'tidemark.ko'])
	make_ready(kernel.module().parent, digest(sources), build)


# --- what runs in the guest ------------------------------------------------------


def fetch_shell(arch):
	where = CACHE / 'shell' / arch
	make_ready(where, 'busybox-static',
		   lambda to: Archive(arch).unpack(['busybox-static'], to))
	return where / 'bin' / 'busybox'


def build_churn(bits):
	source = TREE / 'harness' / 'linux' / 'guest' / 'churn.c'
	where = CACHE / 'churn' / str(bits)
	make_ready(where, digest([source]),
		   lambda to: run(['gcc', '-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror',
				   '-static', '-m%d' % bits, source, '-o', to / 'churn']))
	return where / 'churn'


def check_host():
	if not shutil.which('apt-get') or not shutil.which('dpkg'):
		raise Failed('guests boot kernels from Debian packages: needs apt-get and dpkg')
	if not shutil.which('qemu-system-x86_64'):
		raise Failed('needs qemu-system-x86_64: ci/deps linux installs it')
	CACHE.mkdir(parents=True, exist_ok=True)


def prepare_kernel(name):
	"""Everything that a guest with this kernel needs: image, module, shell, churn."""
	kernel = KERNELS[name]
	fetch_kernel(kernel)
	build_module(kernel)
	return kernel, fetch_shell(kernel.arch), build_churn(kernel.bits)
