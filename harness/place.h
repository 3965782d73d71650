/* SPDX-License-Identifier: MIT */
/* place.h - what a step of the deterministic machine is of: for schedules, and their text */
#ifndef HARNESS_PLACE_H
#define HARNESS_PLACE_H

enum sim_place {
	PLACE_NONE, PLACE_BEGIN, PLACE_END, PLACE_LOCK, PLACE_UNLOCK, PLACE_TRYLOCK, PLACE_BUSY,
	PLACE_IRQ, PLACE_READ, PLACE_WRITE, PLACE_ADD, PLACE_WAIT, PLACE_WAKE,
	NR_PLACES,
};

#endif
