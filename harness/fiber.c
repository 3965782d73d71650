/* SPDX-License-Identifier: MIT */
/* fiber.c - stacks, and the switch from one to another */
#define _GNU_SOURCE
#include "fiber.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__) && !defined(__ILP32__)
#define FIBER_ASM 1
#elif defined(__aarch64__)
#define FIBER_ASM 1
#else
#define FIBER_ASM 0
#include <ucontext.h>
#endif

#ifdef __SANITIZE_ADDRESS__
#define FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBER_ASAN 1
#endif
#endif

#ifdef FIBER_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define __sanitizer_start_switch_fiber(fake, bottom, size)  ((void)0)
#define __sanitizer_finish_switch_fiber(fake, bottom, size) ((void)0)
#define ASAN_UNPOISON_MEMORY_REGION(p, n)		    ((void)(p), (void)(n))
#endif

enum { STACK_BYTES = 256 << 10 };	/* a replay prints from here; untouched, it costs nothing */

struct fiber {
	void		*sp;		/* where it stopped; its registers are on the stack */
	void		*fake;		/* AddressSanitizer's, while stopped */
	const void	*bottom;	/* of the stack, lowest address */
	size_t		 size;		/* 0: not known yet, a thread's before the first switch */
	uint8_t		*map;		/* NULL: the thread's own stack */
	struct fiber	*from;		/* who switched to it last */
	void		(*fn)(void *to);
	void		*to;
#if !FIBER_ASM
	ucontext_t	 context;
#endif
};

/* --- the switch ------------------------------------------------------------------- */

#if FIBER_ASM

/* Stores where the running stack stopped, and goes on where the other did. */
void fiber_jump(void **stopped, void *sp);
void fiber_begin(void);			/* where a new one goes on: calls fiber_main() */

#endif

#if FIBER_ASM && defined(__x86_64__)

enum { FRAME_WORDS = 9, FRAME_SELF = 3, FRAME_MAIN = 2, FRAME_RETURN = 6 };

__asm__(".pushsection .text\n"
	".globl fiber_jump\n"
	".type fiber_jump, @function\n"
	"fiber_jump:\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".size fiber_jump, . - fiber_jump\n"
	".globl fiber_begin\n"
	".type fiber_begin, @function\n"
	"fiber_begin:\n"
	"	movq %r12, %rdi\n"
	"	xorl %ebp, %ebp\n"
	"	call *%r13\n"
	"	ud2\n"
	".size fiber_begin, . - fiber_begin\n"
	".popsection\n");

#elif FIBER_ASM

enum { FRAME_WORDS = 20, FRAME_SELF = 0, FRAME_MAIN = 1, FRAME_RETURN = 11 };

__asm__(".pushsection .text\n"
	".globl fiber_jump\n"
	".type fiber_jump, %function\n"
	"fiber_jump:\n"
	"	sub sp, sp, #160\n"
	"	stp x19, x20, [sp, #0]\n"
	"	stp x21, x22, [sp, #16]\n"
	"	stp x23, x24, [sp, #32]\n"
	"	stp x25, x26, [sp, #48]\n"
	"	stp x27, x28, [sp, #64]\n"
	"	stp x29, x30, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n"
	"	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	mov x9, sp\n"
	"	str x9, [x0]\n"
	"	mov sp, x1\n"
	"	ldp x19, x20, [sp, #0]\n"
	"	ldp x21, x22, [sp, #16]\n"
	"	ldp x23, x24, [sp, #32]\n"
	"	ldp x25, x26, [sp, #48]\n"
	"	ldp x27, x28, [sp, #64]\n"
	"	ldp x29, x30, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n"
	"	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n"
	"	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #160\n"
	"	ret\n"
	".size fiber_jump, . - fiber_jump\n"
	".globl fiber_begin\n"
	".type fiber_begin, %function\n"
	"fiber_begin:\n"
	"	mov x0, x19\n"
	"	mov x29, xzr\n"
	"	blr x20\n"
	"	brk #0\n"
	".size fiber_begin, . - fiber_begin\n"
	".popsection\n");

#endif

/* --- a fiber's life --------------------------------------------------------------- */

static void fiber_main(struct fiber *f)
{
	const void *bottom = NULL;
	size_t size = 0;

	__sanitizer_finish_switch_fiber(NULL, &bottom, &size);
	if (!f->from->size) {
		f->from->bottom = bottom;
		f->from->size = size;
	}
	f->fn(f->to);
	abort();			/* it must not come to its end */
}

#if !FIBER_ASM
static void context_main(unsigned int high, unsigned int low)
{
	fiber_main((struct fiber *)(uintptr_t)((uint64_t)high << 32 | low));
}
#endif

void fiber_restart(struct fiber *f)
{
	/* What it had on its stack when it stopped is of no more interest. */
	ASAN_UNPOISON_MEMORY_REGION(f->bottom, f->size);
	f->fake = NULL;
#if FIBER_ASM
	void **frame = (void **)(f->map + sysconf(_SC_PAGESIZE) + STACK_BYTES) - FRAME_WORDS;
	void (*begin)(void) = fiber_begin;
	void (*run)(struct fiber *f) = fiber_main;

	memset(frame, 0, FRAME_WORDS * sizeof(*frame));
	frame[FRAME_SELF] = f;
	memcpy(&frame[FRAME_MAIN], &run, sizeof(run));
	memcpy(&frame[FRAME_RETURN], &begin, sizeof(begin));
	f->sp = frame;
#else
	uint64_t self = (uintptr_t)f;

	if (getcontext(&f->context))
		abort();
	f->context.uc_stack.ss_sp = (void *)(uintptr_t)f->bottom;
	f->context.uc_stack.ss_size = f->size;
	f->context.uc_link = NULL;
	makecontext(&f->context, (void (*)(void))context_main, 2, (unsigned int)(self >> 32),
		    (unsigned int)self);
#endif
}

struct fiber *fiber_of_thread(void)
{
	struct fiber *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	return f;
}

struct fiber *fiber_new(void (*fn)(void *to), void *to)
{
	struct fiber *f = fiber_of_thread();
	size_t guard = (size_t)sysconf(_SC_PAGESIZE);

	f->map = mmap(NULL, guard + STACK_BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (f->map == MAP_FAILED || mprotect(f->map, guard, PROT_NONE))
		abort();
	f->bottom = f->map + guard;
	f->size = STACK_BYTES;
	f->fn = fn;
	f->to = to;
	fiber_restart(f);
	return f;
}

void fiber_delete(struct fiber *f)
{
	if (f->map) {
		ASAN_UNPOISON_MEMORY_REGION(f->bottom, f->size);
		munmap(f->map, (size_t)sysconf(_SC_PAGESIZE) + STACK_BYTES);
	}
	free(f);
}

void fiber_switch(struct fiber *from, struct fiber *to)
{
	to->from = from;
	__sanitizer_start_switch_fiber(&from->fake, to->bottom, to->size);
#if FIBER_ASM
	fiber_jump(&from->sp, to->sp);
#else
	if (swapcontext(&from->context, &to->context))
		abort();
#endif
	__sanitizer_finish_switch_fiber(from->fake, NULL, NULL);
}
