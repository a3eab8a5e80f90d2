/*
 * inferacct.c
 *	  Module magic and start-up; nothing else lives here.
 */
#include "postgres.h"

#include "fmgr.h"

#include "compat.h"

INFERACCT_MODULE_MAGIC;
