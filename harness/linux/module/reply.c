/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reply.c - sections one behind the other
 */
#include "tidemark.h"

void reply_begin(struct reply *reply, void *start, u64 bytes)
{
	reply->start = start;
	reply->at = start;
	reply->end = reply->start + bytes / sizeof(u64);
	reply->section = NULL;
	reply->full = false;
}

void reply_section(struct reply *reply, unsigned int kind, unsigned int node, unsigned int zone,
		   u32 index)
{
	const unsigned int words = sizeof(struct wire_section) / sizeof(u64);

	if (reply->full || reply->end - reply->at < words) {
		reply->full = true;
		return;
	}
	reply->section = (struct wire_section *)reply->at;
	reply->section->kind = kind;
	reply->section->node = node;
	reply->section->zone = zone;
	reply->section->index = index;
	reply->section->nr = 0;
	reply->at += words;
}

void reply_word(struct reply *reply, u64 word)
{
	if (reply->full || reply->at == reply->end) {
		reply->full = true;
		return;
	}
	*reply->at++ = word;
	reply->section->nr++;
}

void reply_words(struct reply *reply, const u64 *words, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		reply_word(reply, words[i]);
}

u64 reply_bytes(const struct reply *reply)
{
	return (reply->at - reply->start) * sizeof(u64);
}
