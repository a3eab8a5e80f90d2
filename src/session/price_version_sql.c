/*
 * price_version_sql.c
 *	  SQL functions that tell whose a price version is: of this transaction, or
 *	  of the script that installs the extension.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "commands/extension.h"
#include "fmgr.h"

#include "server/compat.h"

PG_FUNCTION_INFO_V1(written_here);
PG_FUNCTION_INFO_V1(is_installing);

/* Of a row that is visible: a subtransaction that was rolled back has left none. */
Datum
written_here(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(TransactionIdIsCurrentTransactionId(PG_GETARG_TRANSACTIONID(0)));
}

Datum
is_installing(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(creating_extension &&
				   CurrentExtensionObject == get_extension_oid("inferacct", true));
}
