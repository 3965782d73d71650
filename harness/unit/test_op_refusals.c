/* SPDX-License-Identifier: MIT */
/* test_op_refusals.c - texts that are no programs, each with the line and the reason */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "op_compare.h"

#define ZONE	"zone Normal start=4096 spanned=4096\n"
#define HEAD	"tidemark 1\n" ZONE "ops\n"

static struct program first;

struct refusal {
	const char  *text;
	unsigned int line;
	const char  *what;		/* all of the message after "expected " */
};

static void assert_refused(const struct refusal *cases, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		struct op_error error = { .line = 999 };

		cr_expect_not(op_parse(cases[i].text, strlen(cases[i].text), &first, &error),
			      "accepted: %s", cases[i].text);
		cr_expect(!strncmp(error.what, "expected ", 9) &&
			  !strcmp(error.what + 9, cases[i].what), "%s\n  says: %s", cases[i].text,
			  error.what);
		cr_expect_eq(error.line, cases[i].line, "%s\n  line %u", cases[i].text, error.line);
	}
}

#define ASSERT_REFUSED(cases)	assert_refused(cases, sizeof(cases) / sizeof((cases)[0]))
#define START	"tidemark 1\n"

Test(op_refusals, X10_refused_beginnings)
{
	static const struct refusal cases[] = {
		{ "", 0, "a line 'tidemark 1', got 'nothing'" },
		{ "# x\n\n", 2, "a line 'tidemark 1', got 'nothing'" },
		{ "ops\n", 1, "'tidemark 1' before anything else, got 'ops'" },
		{ "\ntidemark", 2, "one version after 'tidemark', got the end of the line" },
		{ "tidemark 1 2", 1, "one version after 'tidemark', got '2'" },
		{ "tidemark 2", 1, "the version to be a number from 1 to 1, got '2'" },
		{ START "tidemark 1", 2, "machine, node, zone, hole, reserved, cma, distance, "
		  "sysctl, policy, schedule or ops, got 'tidemark'" },
		{ START "\n", 2, "a line for at least one zone before the ops, got 'none'" },
		{ START "ops\n", 2, "a line for at least one zone before the ops, got 'ops'" },
		{ START ZONE "ops now\n", 3, "nothing after 'ops', got 'now'" },
		{ START "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 "
		  "27 28 "
		  "29 30 31 32 33", 2, "at most 32 words on a line, got '33'" },
		{ START "a\x01\xff", 2,
		  "machine, node, zone, hole, reserved, cma, distance, sysctl, "
		  "policy, schedule or ops, got 'a?\?'" },
		{ START "zone"
		  "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", 2,
		  "machine, node, zone, hole, reserved, cma, distance, sysctl, "
		  "policy, schedule or ops, got "
		  "'zoneeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee...'" },
	};

	ASSERT_REFUSED(cases);
}

Test(op_refusals, Z1_refused_machine_lines)
{
	static const struct refusal cases[] = {
		{ START "machine cpus=65", 2, "cpus to be a number from 1 to 64, got '65'" },
		{ START "machine cpus=0", 2, "cpus to be a number from 1 to 64, got '0'" },
		{ START "machine cpus=", 2, "cpus to be a number from 1 to 64, got ''" },
		{ START "machine cpus=2x", 2, "cpus to be a number from 1 to 64, got '2x'" },
		{ START "machine cpus=0x", 2, "cpus to be a number from 1 to 64, got '0x'" },
		{ START "machine cpus=-1", 2, "cpus to be a number from 1 to 64, got '-1'" },
		{ START "machine cpus=18446744073709551617", 2,
		  "cpus to be a number from 1 to 64, got '18446744073709551617'" },
		{ START "machine cpus=2 cpus=3", 2, "cpus= once, got 'cpus=3'" },
		{ START "machine cpu=2", 2,
		  "cpus=, page_shift=, pageblock_order=, zones=, kernelcore= "
		  "or movablecore=, got 'cpu=2'" },
		{ START "machine cpus", 2,
		  "cpus=, page_shift=, pageblock_order=, zones=, kernelcore= "
		  "or movablecore=, got 'cpus'" },
		{ START "machine page_shift=11", 2,
		  "page_shift to be a number from 12 to 16, got '11'" },
		{ START "machine pageblock_order=11", 2,
		  "pageblock_order to be a number from 1 to 10, got '11'" },
		{ START "machine zones=Normal,Movable,Foo", 2,
		  "zones= to be out of DMA, DMA32, Normal, HighMem, Movable, Device, got 'Foo'" },
		{ START "machine zones=Normal,Movable,", 2,
		  "zones= to be out of DMA, DMA32, Normal, HighMem, Movable, Device, got ''" },
		{ START "machine zones=Normal,Movable,Normal", 2,
		  "each of zones= once, got 'Normal'" },
		{ START "machine zones=DMA,Normal", 2,
		  "Normal and Movable among zones=, got 'DMA,Normal'" },
		{ START "machine kernelcore=many", 2, "kernelcore to be a number, got 'many'" },
		{ START "machine kernelcore=0x1000000000000", 2, "a machine that can boot, got "
		  "'kernelcore or movablecore is 2^48 pages or more'" },
		{ START "machine\nmachine", 3,
		  "one machine line, before nodes, zones, ratios, got 'machine'" },
		{ START ZONE "machine cpus=2", 3,
		  "one machine line, before nodes, zones, ratios, got 'machine'" },
		{ START "sysctl lowmem_reserve_ratio.DMA=1\nmachine cpus=2", 3,
		  "one machine line, before nodes, zones, ratios, got 'machine'" },
	};

	ASSERT_REFUSED(cases);
}

Test(op_refusals, Z1_Z4_refused_nodes_and_distances)
{
	static const struct refusal cases[] = {
		{ START "node", 2, "the number of the node, got the end of the line" },
		{ START "node 8", 2, "the node to be a number from 0 to 7, got '8'" },
		{ START "node 0 cpus=4", 2, "cpus to be numbers below 4, as in 0-1,3, got '4'" },
		{ START "node 0 cpus=1-0", 2,
		  "cpus to be numbers below 4, as in 0-1,3, got '1-0'" },
		{ START "node 0 cpus=0,", 2, "cpus to be numbers below 4, as in 0-1,3, got '0,'" },
		{ START "node 0 cpus=", 2, "cpus to be numbers below 4, as in 0-1,3, got ''" },
		{ START "node 0 cpus=-1", 2, "cpus to be numbers below 4, as in 0-1,3, got '-1'" },
		{ START "node 0 cpus=0-1,1", 2, "each of cpus once, got '0-1,1'" },
		{ START "node 0 mem=1", 2, "cpus=, got 'mem=1'" },
		{ START "node 0 cpus=0\nnode 1 cpus=0-1", 3,
		  "CPUs that no other node has, got '0-1'" },
		{ START "node 0 cpus=0\nnode 0 cpus=1", 3, "cpus= once, got 'cpus=1'" },
		{ START "node 0 cpus=0-2\n" ZONE "ops\n", 4,
		  "every CPU on some node, got 'CPU 3'" },
		{ START "distance 0 1", 2,
		  "two nodes and their distance, got the end of the line" },
		{ START "distance 0 1 20 30", 2, "two nodes and their distance, got '30'" },
		{ START "node 0\ndistance 0 1 20", 3, "a node that has a line, got '1'" },
		{ START "node 0\ndistance 0 0 20", 3, "two different nodes, got '0'" },
		{ START "node 0\nnode 1\ndistance 0 1 9", 4,
		  "the distance to be a number from 10 to 255, got '9'" },
		{ START "node 0\nnode 1\ndistance 0 1 20\ndistance 1 0 20", 5,
		  "each distance once, got 'distance'" },
	};

	ASSERT_REFUSED(cases);
}

Test(op_refusals, Z1_Z3_refused_zones_and_ranges)
{
	static const struct refusal cases[] = {
		{ START "zone", 2, "the type of the zone, got the end of the line" },
		{ START "zone HighMem start=1 spanned=1", 2, "a zone type of the machine "
		  "(DMA, DMA32, Normal, Movable, Device), got 'HighMem'" },
		{ START "zone Normal start=1", 2, "start= and spanned=, got the end of the line" },
		{ START "zone Normal spanned=1", 2,
		  "start= and spanned=, got the end of the line" },
		{ START "zone Normal end=1", 2,
		  "start=, spanned=, present=, managed=, managed_marks= "
		  "or managed_reserve=, got 'end=1'" },
		{ START "zone Normal start=1 start=1", 2, "start= once, got 'start=1'" },
		{ START "zone Normal start=x spanned=1", 2,
		  "start to be a number from 0 to 18446744073709551614, got 'x'" },
		{ START ZONE ZONE, 3, "each zone of a node once, got 'Normal'" },
		{ START ZONE "zone DMA start=4097 spanned=1\nops", 3,
		  "a machine that can boot, got 'zones of one node overlap'" },
		{ START ZONE "zone DMA start=9000 spanned=10 present=8\nhole 9000-9004\nops", 3,
		  "a machine that can boot, got 'present is more than the zone spans without "
		  "the holes'" },
		{ START ZONE "zone DMA start=9000 spanned=10 managed=8\nreserved 9000-9004", 3,
		  "a machine that can boot, got "
		  "'managed is more than present without the reservations'" },
		{ START ZONE "hole 5", 3, "a range FIRST-LAST, got '5'" },
		{ START ZONE "hole", 3, "one range FIRST-LAST, got the end of the line" },
		{ START ZONE "hole 5-6 8-9", 3, "one range FIRST-LAST, got '8-9'" },
		{ START ZONE "hole 5-4", 3,
		  "a range whose last pfn is not below its first, got '5-4'" },
		{ START ZONE "hole -4", 3,
		  "the first pfn to be a number from 0 to 18446744073709551614, got ''" },
		{ START ZONE "reserved 5-x", 3,
		  "the last pfn to be a number from 0 to 18446744073709551614, got 'x'" },
		{ START ZONE "reserved 5-0x1000000000000\n" "zone DMA start=1 spanned=0", 3,
		  "a machine that can boot, got 'a range ends beyond pfn 2^48'" },
		{ START ZONE "cma 4096-4607\ncma 5120-5121\nops\n", 4,
		  "a machine that can boot, got 'a cma range is not made of whole pageblocks'" },
	};

	ASSERT_REFUSED(cases);
}

Test(op_refusals, W9_refused_sysctls_and_policies)
{
	static const struct refusal cases[] = {
		{ START "sysctl", 2, "NAME=VALUE after sysctl, got the end of the line" },
		{ START "sysctl thp", 2, "NAME=VALUE after sysctl, got 'thp'" },
		{ START "sysctl swappiness=60", 2,
		  "the name of a sysctl, such as min_free_kbytes, got 'swappiness=60'" },
		{ START "sysctl thp.DMA=1", 2,
		  "the name of a sysctl, such as min_free_kbytes, got 'thp.DMA=1'" },
		{ START "sysctl thp=1 thp=1", 2, "each sysctl once, got 'thp=1'" },
		{ START "sysctl thp=2", 2, "a value that thp can have, got 'thp=2'" },
		{ START "sysctl thp=-", 2, "thp to be a number, got '-'" },
		{ START "sysctl thp=9223372036854775808", 2,
		  "thp to be a number, got '9223372036854775808'" },
		{ START "sysctl min_free_kbytes=2147483648", 2,
		  "a value that min_free_kbytes can have, got 'min_free_kbytes=2147483648'" },
		{ START "sysctl extra_free_kbytes=-1", 2,
		  "a value that extra_free_kbytes can have, got 'extra_free_kbytes=-1'" },
		{ START "sysctl watermark_scale_factor=0", 2,
		  "a machine that can boot, got 'watermark_scale_factor is not 1 to 3000'" },
		{ START "sysctl lowmem_reserve_ratio=1,2,3,4", 2,
		  "5 values, one per zone type of the machine, got "
		  "'lowmem_reserve_ratio=1,2,3,4'" },
		{ START "sysctl lowmem_reserve_ratio=1,2,3,4,", 2,
		  "lowmem_reserve_ratio to be a number, got ''" },
		{ START "sysctl lowmem_reserve_ratio.=1", 2, "a zone type of the machine "
		  "(DMA, DMA32, Normal, Movable, Device), got ''" },
		{ START "sysctl lowmem_reserve_ratio.DMA=1\nsysctl "
		  "lowmem_reserve_ratio=1,2,3,4,5", 3,
		  "each sysctl once, got 'lowmem_reserve_ratio=1,2,3,4,5'" },
		{ START "policy", 2, "NAME or NAME=VALUE after policy, got the end of the line" },
		{ START "policy colour", 2, "the name of a policy, such as marks, got 'colour'" },
		{ START "policy marks", 2, "marks=6.1|4.5|2.6.14, got 'marks'" },
		{ START "policy marks=7", 2, "marks=6.1|4.5|2.6.14, got 'marks=7'" },
		{ START "policy poison=1", 2, "poison without a value, got 'poison=1'" },
		{ START "policy poison poison", 2, "each policy once, got 'poison'" },
		{ START "policy pcp_batch", 2, "pcp_batch=PAGES, got 'pcp_batch'" },
		{ START "policy pcp_batch=4294967296", 2,
		  "pcp_batch to be a number from 0 to 4294967295, got '4294967296'" },
		{ START "policy pcp_batch=65537", 2,
		  "a machine that can boot, got 'pcp_batch is more than 65536'" },
	};

	ASSERT_REFUSED(cases);
}

Test(op_refusals, G1_B5_refused_requests)
{
	static const struct refusal cases[] = {
		{ HEAD "frob", 4, "an operation, such as alloc, free or drain, got 'frob'" },
		{ HEAD "a =", 4,
		  "an operation, such as alloc, free or drain, got the end of the line" },
		{ HEAD "a", 4, "an operation, such as alloc, free or drain, got 'a'" },
		{ HEAD "a = b = alloc", 4, "an operation, such as alloc, free or drain, got 'b'" },
		{ HEAD "2a = alloc", 4, "a name of at most 32 letters, digits and '_', got '2a'" },
		{ HEAD "a23456789012345678901234567890123 = alloc", 4,
		  "a name of at most 32 letters, "
		  "digits and '_', got 'a23456789012345678901234567890123'" },
		{ HEAD "a = drain", 4, "alloc, bulk or exact after a name, got 'drain'" },
		{ HEAD "expect ok drain", 4,
		  "alloc, bulk or exact after an expectation, got 'drain'" },
		{ HEAD "expect any alloc", 4,
		  "ok, fail, stuck, refused, zone or pfn after 'expect', got 'any'" },
		{ HEAD "expect", 4, "an operation, such as alloc, free or drain, got 'expect'" },
		{ HEAD "irq at=1 tick", 4,
		  "alloc, bulk, exact, free or free_one in an interrupt, got 'tick'" },
		{ HEAD "irq at=0 alloc", 4, "at to be a number from 1 to 255, got '0'" },
		{ HEAD "irq on alloc", 4, "at=N after 'irq', got 'on'" },
		{ HEAD "alloc", 4, "gfp=, got the end of the line" },
		{ HEAD "alloc gfp=GFP_KERNAL", 4,
		  "names of gfp flags or a number of them, joined by '|', got 'GFP_KERNAL'" },
		{ HEAD "alloc gfp=GFP_KERNEL|0x8000000", 4,
		  "names of gfp flags or a number of them, joined by '|', got '0x8000000'" },
		{ HEAD "alloc gfp=0 gfp=0", 4, "each key once, got 'gfp=0'" },
		{ HEAD "alloc gfp=0 order=12", 4, "order to be a number from 0 to 11, got '12'" },
		{ HEAD "alloc gfp=0 cpu=4", 4, "cpu to be a number from 0 to 3, got '4'" },
		{ HEAD "alloc gfp=0 node=8", 4, "the node to be a number from 0 to 7, got '8'" },
		{ HEAD "alloc gfp=0 nodes=0-8", 4,
		  "nodes to be numbers below 8, as in 0-1,3, got '0-8'" },
		{ HEAD "alloc gfp=0 ctx=irq|dma", 4,
		  "ctx= out of irq, memalloc, oom_victim, realtime, "
		  "noio, nofs, pin, joined by '|', got 'dma'" },
		{ HEAD "alloc gfp=0 n=1", 4, "a key that alloc has, got 'n=1'" },
		{ HEAD "alloc gfp=0 x=1", 4, "a key that alloc has, got 'x=1'" },
		{ HEAD "alloc gfp=0 on", 4, "nothing more, or something that alloc has, got 'on'" },
		{ HEAD "alloc gfp=0 policy policy", 4, "each key once, got 'policy'" },
		{ HEAD "bulk gfp=0", 4, "n=, got the end of the line" },
		{ HEAD "bulk gfp=0 n=2049", 4, "n to be a number from 0 to 2048, got '2049'" },
		{ HEAD "bulk gfp=0 n=1 policy", 4,
		  "nothing more, or something that bulk has, got 'policy'" },
	};

	ASSERT_REFUSED(cases);
}

#define A	"a = alloc gfp=0\n"

Test(op_refusals, B5_X10_refused_ops)
{
	static const struct refusal cases[] = {
		{ HEAD "free", 4, "the name of an allocation, got the end of the line" },
		{ HEAD "free a", 4, "the name of an allocation before this line, got 'a'" },
		{ HEAD A "free a n=1", 5, "a key that free has, got 'n=1'" },
		{ HEAD A "free_one a n=4294967296", 5,
		  "n to be a number from 0 to 4294967295, got '4294967296'" },
		{ HEAD "free_wrong", 4, "pfn=, got the end of the line" },
		{ HEAD A "movable a maybe", 5,
		  "nothing more, or something that movable has, got 'maybe'" },
		{ HEAD A "movable a on off", 5, "each key once, got 'off'" },
		{ HEAD "fail_alloc n=1 on", 4,
		  "nothing more, or something that fail_alloc has, got 'on'" },
		{ HEAD "sysctl", 4, "NAME=VALUE, got the end of the line" },
		{ HEAD "sysctl thp=x", 4, "thp to be a number, got 'x'" },
		{ HEAD "mempolicy", 4,
		  "default, bind, preferred, preferred_many or interleave, got the end of the "
		  "line" },
		{ HEAD "mempolicy local", 4,
		  "default, bind, preferred, preferred_many or interleave, got 'local'" },
		{ HEAD "mempolicy bind node=0", 4, "a key that mempolicy has, got 'node=0'" },
		{ HEAD "import zone=Normal", 4, "node=, got the end of the line" },
		{ HEAD "import node=0", 4, "zone=, got the end of the line" },
		{ HEAD "import node=1 zone=Normal", 4, "a node of the machine, got '1'" },
		{ HEAD "import node=0 zone=HighMem", 4, "a zone type of the machine "
		  "(DMA, DMA32, Normal, Movable, Device), got 'HighMem'" },
		{ HEAD "put node=0 zone=Normal order=11 type=U n=1", 4,
		  "order to be a number from 0 to 10, got '11'" },
		{ HEAD "put node=0 zone=Normal type=UM n=1", 4,
		  "type= one of U, M, E, H, C, I, got 'UM'" },
		{ HEAD "put node=0 zone=Normal n=1", 4, "type=, got the end of the line" },
		{ HEAD "put_at node=0 zone=Normal order=3 type=U pfn=4", 4,
		  "a pfn that is a multiple of 2^order, got the end of the line" },
		{ HEAD "put_at node=0 zone=Normal type=U pfn=4503599627370496", 4,
		  "pfn to be a number from 0 to 4503599627370495, got '4503599627370496'" },
		{ HEAD "counter node=0 zone=Normal", 4, "value=, got the end of the line" },
		{ HEAD "counter node=0 zone=Normal value=1099511627777", 4,
		  "value within 2^40, got '1099511627777'" },
		{ HEAD "boost node=0 zone=Normal value=-1", 4,
		  "value within 2^40, not below 0, got '-1'" },
	};

	ASSERT_REFUSED(cases);
}

Test(op_refusals, W4_X10_refused_expectations)
{
	static const char keys[] = "node=, zone= or a number of the zone: free=, min=, low=, "
	  "high=, "
				   "boost=, managed=, protection= ...";
	char unknown[160], no_column[160];
	const struct refusal cases[] = {
		{ HEAD "expect zone node=0 zone=DMA", 4,
		  "a number, such as min=, got the end of the line" },
		{ HEAD "expect zone min=1", 4, "zone=, got the end of the line" },
		{ HEAD "expect zone node=0 zone=DMA mini=1", 4, unknown },
		{ HEAD "expect zone node=0 zone=DMA min.DMA=1", 4, no_column },
		{ HEAD "expect zone node=0 zone=DMA min=1 min=1", 4, "each key once, got 'min=1'" },
		{ HEAD "expect zone node=0 zone=DMA min=x", 4, "min to be a number, got 'x'" },
		{ HEAD "expect zone node=0 zone=DMA protection=1,2", 4,
		  "5 values, one per zone type, got 'protection=1,2'" },
		{ HEAD "expect zone node=0 zone=DMA protection.=1", 4, "a zone type of the machine "
		  "(DMA, DMA32, Normal, Movable, Device), got ''" },
		{ HEAD "expect zone node=0 zone=DMA protection.DMA=1 protection=1,2,3,4,5", 4,
		  "each key once, got 'protection=1,2,3,4,5'" },
		{ HEAD "expect zone node=0 zone=DMA protection=1,2,x,4,5", 4,
		  "protection to be a number, got 'x'" },
		{ HEAD "expect zone node=0 zone=DMA min", 4,
		  "nothing more, or something that expect zone has, got 'min'" },
		{ HEAD A "expect pfn", 5, "the name of an allocation, got the end of the line" },
		{ HEAD A "expect pfn a", 5, "a pfn, got the end of the line" },
		{ HEAD A "expect pfn a x", 5, "pfn to be a number, got 'x'" },
		{ HEAD A "expect pfn a 1 2", 5,
		  "nothing more, or something that expect pfn has, got '2'" },
	};

	snprintf(unknown, sizeof(unknown), "%s, got 'mini=1'", keys);
	snprintf(no_column, sizeof(no_column), "%s, got 'min.DMA=1'", keys);
	ASSERT_REFUSED(cases);
}

/* `nr` lines, one too many, are refused at the last one. */
static void assert_too_many(const char *head, const char *line, unsigned int nr, const char *what)
{
	size_t len = strlen(head), step = strlen(line);
	char *text = malloc(len + nr * step + 1);
	struct refusal refusal = { text, nr, what };

	cr_assert_not_null(text);
	strcpy(text, head);
	for (unsigned int i = 0; i < nr; i++)
		strcpy(text + len + i * step, line);
	for (const char *c = head; *c; c++)
		refusal.line += *c == '\n';
	assert_refused(&refusal, 1);
	free(text);
}

Test(op_refusals, X10_limits)
{
	assert_too_many(HEAD, "tick\n", OPS_MAX + 1, "at most 4096 ops, got 'tick'");
	assert_too_many(START ZONE, "hole 5000-5001\n", MAX_RANGES + 1,
			"at most 64 ranges of a kind, got '5000-5001'");
	assert_too_many(START ZONE, "reserved 5000-5001\n", MAX_RANGES + 1,
			"at most 64 ranges of a kind, got '5000-5001'");
	assert_too_many(START ZONE, "cma 4096-4607\n", MAX_RANGES + 1,
			"at most 64 ranges of a kind, got '4096-4607'");
	assert_too_many(HEAD, "sysctl thp=1 thp=1 thp=1 thp=1 thp=1 thp=1 thp=1 thp=1\n",
			OPS_MAX / 8 + 1, "at most 4096 ops, got 'sysctl'");
}

Test(op_refusals, Z1_every_zone_and_no_more)
{
	static char text[MAX_ZONES * 64];
	struct refusal refusal = { text, 3 + MAX_NODES + MAX_ZONES, "at most 48 zones, got "
	  "'zone'" };
	struct op_error error = { 0 };
	size_t len = (size_t)sprintf(text, START "machine "
	  "zones=DMA,DMA32,Normal,HighMem,Movable,Device\n");

	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		len += (size_t)sprintf(text + len, "node %u\n", nid);
		for (unsigned int type = 0; type < NR_ZONE_TYPES; type++)
			len += (size_t)sprintf(text + len, "zone %s start=%u spanned=%u\n",
					       zone_type_name((enum zone_type)type),
					       nid * 8 + type, type != ZONE_DEVICE);
	}
	cr_assert(op_parse(text, len, &first, &error), "line %u: %s", error.line, error.what);
	cr_assert_eq(first.config.nr_zones, MAX_ZONES);
	strcpy(text + len, "zone DMA start=99 spanned=1\n");
	assert_refused(&refusal, 1);
}

Test(op_refusals, X10_too_many_settings_on_a_line)
{
	char text[1400] = HEAD "sysctl";
	struct refusal refusal = { text, 4, "fewer settings on a line, got "
				   "'lowmem_reserve_ratio=1,2,3,4,5'" };

	for (unsigned int i = 0; i < 20; i++)
		strcat(text, " lowmem_reserve_ratio=1,2,3,4,5");
	assert_refused(&refusal, 1);
}
