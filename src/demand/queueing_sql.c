/*
 * queueing_sql.c
 *	  erlang_c(), mean_wait() and max_utilization().
 *
 * Units: servers, seconds, probabilities of 0 to 1.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/float.h"

#include "server/compat.h"
#include "demand/queueing.h"

PG_FUNCTION_INFO_V1(queueing_erlang_c);
PG_FUNCTION_INFO_V1(queueing_mean_wait);
PG_FUNCTION_INFO_V1(queueing_max_utilization);

/* More servers than any fleet has slots; keeps the recursion short. */
#define MOST_SERVERS 10000000

static void
CheckServers(int32 servers)
{
	if (servers < 1 || servers > MOST_SERVERS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("servers must be between 1 and %d", MOST_SERVERS),
				 errdetail("It is %d.", servers)));
}

static void
CheckNotNegative(const char *name, float8 value)
{
	if (!(value >= 0) || isinf(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be finite and not negative", name),
				 errdetail("It is %g.", value)));
}

static void
CheckPositive(const char *name, float8 value)
{
	CheckNotNegative(name, value);
	if (value == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be greater than zero", name)));
}

static void
CheckInterrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

Datum
queueing_erlang_c(PG_FUNCTION_ARGS)
{
	int32		servers = PG_GETARG_INT32(0);
	float8		offered = PG_GETARG_FLOAT8(1);

	CheckServers(servers);
	CheckNotNegative("offered", offered);
	PG_RETURN_FLOAT8(ErlangC(servers, offered));
}

Datum
queueing_mean_wait(PG_FUNCTION_ARGS)
{
	int32		servers = PG_GETARG_INT32(0);
	float8		offered = PG_GETARG_FLOAT8(1);
	float8		service_seconds = PG_GETARG_FLOAT8(2);
	float8		cv_arrival = PG_GETARG_FLOAT8(3);
	float8		cv_service = PG_GETARG_FLOAT8(4);
	float8		wait;

	CheckServers(servers);
	CheckNotNegative("offered", offered);
	CheckPositive("service_seconds", service_seconds);
	CheckNotNegative("cv_arrival", cv_arrival);
	CheckNotNegative("cv_service", cv_service);
	wait = MeanWait(servers, offered, service_seconds, cv_arrival, cv_service);
	if (isinf(wait))
		PG_RETURN_NULL();		/* the queue grows without end */
	PG_RETURN_FLOAT8(wait);
}

Datum
queueing_max_utilization(PG_FUNCTION_ARGS)
{
	int32		servers = PG_GETARG_INT32(0);
	float8		service_seconds = PG_GETARG_FLOAT8(1);
	float8		wait_seconds = PG_GETARG_FLOAT8(2);
	float8		probability = PG_GETARG_FLOAT8(3);
	float8		cv_arrival = PG_GETARG_FLOAT8(4);
	float8		cv_service = PG_GETARG_FLOAT8(5);

	CheckServers(servers);
	CheckPositive("service_seconds", service_seconds);
	CheckNotNegative("wait_seconds", wait_seconds);
	if (!(probability > 0 && probability < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("probability must lie between 0 and 1"),
				 errdetail("It is %g.", probability),
				 errhint("It is the share of requests that may wait longer than wait_seconds: 0.01 for one in a hundred.")));
	CheckNotNegative("cv_arrival", cv_arrival);
	CheckNotNegative("cv_service", cv_service);
	PG_RETURN_FLOAT8(MaxUtilization(servers, service_seconds, wait_seconds, probability, cv_arrival, cv_service, CheckInterrupts));
}
