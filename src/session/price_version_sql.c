/*
 * price_version_sql.c
 *	  SQL function that tells the script that installs the extension, which alone
 *	  writes rows of shipped versions, from everybody else.
 */
#include "postgres.h"

#include "commands/extension.h"
#include "fmgr.h"

#include "server/compat.h"

PG_FUNCTION_INFO_V1(is_installing);

Datum
is_installing(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(creating_extension &&
				   CurrentExtensionObject == get_extension_oid("inferacct", true));
}
