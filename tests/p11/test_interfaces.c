/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What PKCS#11 3.0 and 3.2 added, as a host sees it, and the four ways to initialise with threads.
 */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static struct desk desk;
static CK_FUNCTION_LIST_3_2 *list;
static CK_C_GetInterface get_interface;
static CK_C_GetInterfaceList get_interface_list;

static const struct desk_key sm2_key = {.alg = "sm2", .model = "V0"};
static CK_UTF8CHAR standard[] = "PKCS 11";

static int
desk_up(void **state)
{
	CK_INTERFACE *itf = NULL;

	desk_start(&desk, 1);
	*(void **)&get_interface = dlsym(desk.module, "C_GetInterface");
	*(void **)&get_interface_list = dlsym(desk.module, "C_GetInterfaceList");
	assert_rv(get_interface(standard, NULL, &itf, 0), CKR_OK);
	list = itf->pFunctionList;
	return 0;
}

static int
desk_down(void **state)
{
	desk_stop(&desk);
	return 0;
}

/* ---- interfaces ---- */

static void
each_list_has_its_version_and_tells_it(void **state)
{
	CK_VERSION v2_40 = {2, 40}, v3_0 = {3, 0}, v3_1 = {3, 1}, v3_2 = {3, 2};
	CK_FUNCTION_LIST_3_0 *list_3_0;
	CK_INTERFACE *itf = NULL;
	CK_INFO info;

	assert_rv(get_interface(standard, &v2_40, &itf, 0), CKR_OK);
	assert_ptr_equal(itf->pFunctionList, desk.f);
	assert_rv(get_interface(standard, &v3_2, &itf, 0), CKR_OK);
	assert_ptr_equal(itf->pFunctionList, list);
	assert_rv(get_interface(standard, &v3_0, &itf, 0), CKR_OK);
	list_3_0 = itf->pFunctionList;
	assert_rv(get_interface(NULL, NULL, &itf, CKF_INTERFACE_FORK_SAFE), CKR_OK);
	assert_ptr_equal(itf->pFunctionList, list);
	assert_rv(get_interface(standard, &v3_1, &itf, 0), CKR_FUNCTION_FAILED);
	assert_rv(get_interface(standard, NULL, &itf, 0x80), CKR_FUNCTION_FAILED);

	assert_memory_equal(&desk.f->version, &v2_40, sizeof(v2_40));
	assert_rv(desk.f->C_GetInfo(&info), CKR_OK);
	assert_memory_equal(&info.cryptokiVersion, &v2_40, sizeof(v2_40));
	assert_memory_equal(&list_3_0->version, &v3_0, sizeof(v3_0));
	assert_rv(list_3_0->C_GetInfo(&info), CKR_OK);
	assert_memory_equal(&info.cryptokiVersion, &v3_0, sizeof(v3_0));
	assert_memory_equal(&list->version, &v3_2, sizeof(v3_2));
	assert_rv(list->C_GetInfo(&info), CKR_OK);
	assert_memory_equal(&info.cryptokiVersion, &v3_2, sizeof(v3_2));
}

static void
the_list_of_interfaces_names_them_all(void **state)
{
	static const char *const names[] = {"PKCS 11", "PKCS 11", "PKCS 11", OPENUKEY_INTERFACE};
	CK_INTERFACE all[8];
	CK_ULONG count = ARRAY_SIZE(all);

	assert_rv(get_interface_list(all, &count), CKR_OK);
	assert_int_equal(count, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal((const char *)all[i].pInterfaceName, names[i]);
}

/* ---- sessions ---- */

static void
nobody_can_be_named_at_a_login(void **state)
{
	CK_UTF8CHAR pin[] = DESK_PIN, name[] = "mustermann";
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_rv(list->C_LoginUser(session, CKU_USER, pin, 6, name, 10),
		  CKR_FUNCTION_NOT_SUPPORTED);
	assert_rv(list->C_LoginUser(session, CKU_USER, pin, 6, NULL, 10), CKR_ARGUMENTS_BAD);
	assert_rv(list->C_LoginUser(session, CKU_USER, pin, 6, name, 0), CKR_OK);
	assert_int_equal(desk_count(&desk, session, CKO_PRIVATE_KEY), 2);
	desk_pull(&desk, 0);
}

/* Which operations still run: each is asked to go on. */
static void
assert_running(CK_SESSION_HANDLE session, CK_RV find, CK_RV digest, CK_RV sign)
{
	CK_BYTE byte = 0;
	CK_ULONG count;

	assert_rv(list->C_FindObjects(session, NULL, 0, &count), find);
	assert_rv(list->C_DigestUpdate(session, &byte, 1), digest);
	assert_rv(list->C_SignUpdate(session, &byte, 1), sign);
}

static void
a_host_ends_the_operations_it_names(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &sm2_key);
	CK_MECHANISM digest = {CKM_SHA256, NULL, 0}, sign = {CKM_VENDOR_SM3_SM2, NULL, 0};
	CK_OBJECT_HANDLE key = desk_find(&desk, session, CKO_PRIVATE_KEY, 0);

	for (int i = 0; i < 2; i++) {
		assert_rv(list->C_FindObjectsInit(session, NULL, 0), CKR_OK);
		assert_rv(list->C_DigestInit(session, &digest), CKR_OK);
		assert_rv(list->C_SignInit(session, &sign, key), CKR_OK);
		assert_rv(list->C_SessionCancel(session, CKF_VERIFY | CKF_MESSAGE_SIGN), CKR_OK);
		assert_running(session, CKR_OK, CKR_OK, CKR_OK);
		assert_rv(list->C_SessionCancel(session, CKF_SIGN), CKR_OK);
		assert_running(session, CKR_OK, CKR_OK, CKR_OPERATION_NOT_INITIALIZED);
		assert_rv(list->C_SessionCancel(session, CKF_FIND_OBJECTS | CKF_DIGEST), CKR_OK);
		assert_running(session, CKR_OPERATION_NOT_INITIALIZED,
			       CKR_OPERATION_NOT_INITIALIZED, CKR_OPERATION_NOT_INITIALIZED);
	}
	desk_pull(&desk, 0);
}

static void
an_init_without_mechanism_ends_what_runs(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &sm2_key);
	CK_MECHANISM sign = {CKM_VENDOR_SM3_SM2, NULL, 0};
	CK_OBJECT_HANDLE key = desk_find(&desk, session, CKO_PRIVATE_KEY, 0);

	assert_rv(list->C_SignInit(session, NULL, key), CKR_ARGUMENTS_BAD);
	assert_rv(list->C_SignInit(session, &sign, key), CKR_OK);
	assert_rv(list->C_SignInit(session, &sign, key), CKR_OPERATION_ACTIVE);
	assert_rv(list->C_SignInit(session, NULL, key), CKR_OK);
	assert_rv(list->C_SignInit(session, &sign, key), CKR_OK);
	desk_pull(&desk, 0);
}

/* ---- signatures that come first ---- */

/* Each way in which a signature can be checked: at once or in parts. */
static CK_RV
check(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, const struct desk_signature *signature,
      const char *data, bool parts)
{
	CK_MECHANISM mechanism = {type, NULL, 0};
	struct desk_signature copy = *signature;
	CK_BYTE bytes[64];
	CK_ULONG len = strlen(data);
	CK_RV rv;

	memcpy(bytes, data, len);
	rv = list->C_VerifySignatureInit(session, &mechanism,
					 desk_find(&desk, session, CKO_PUBLIC_KEY, 0), copy.bytes,
					 copy.len);
	/* What was given is the module's from here on. */
	memset(copy.bytes, 0, sizeof(copy.bytes));
	if (rv != CKR_OK || !parts)
		return rv != CKR_OK ? rv : list->C_VerifySignature(session, bytes, len);
	assert_rv(list->C_VerifySignatureUpdate(session, bytes, 1), CKR_OK);
	assert_rv(list->C_VerifySignatureUpdate(session, bytes + 1, len - 1), CKR_OK);
	return list->C_VerifySignatureFinal(session);
}

static void
a_signature_may_come_before_its_data(void **state)
{
	static const struct {
		struct desk_key key;
		CK_MECHANISM_TYPE type;
	} ways[] = {
		{{.alg = "sm2", .model = "V0"}, CKM_VENDOR_SM3_SM2},
		{{.alg = "sm2", .model = "V0"}, CKM_VENDOR_SM3_SM2_DER},
		{{.alg = "rsa", .model = "V0"}, CKM_SHA256_RSA_PKCS},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct desk_signature signature;
		CK_SESSION_HANDLE session;

		desk_plug(&desk, 0, &ways[i].key);
		session = desk_session(&desk, 0);
		assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
		assert_rv(desk_sign(&desk, session, ways[i].type, "data", 4, &signature), CKR_OK);
		for (int parts = 0; parts < 2; parts++) {
			assert_rv(check(session, ways[i].type, &signature, "data", parts), CKR_OK);
			assert_rv(check(session, ways[i].type, &signature, "Data", parts),
				  CKR_SIGNATURE_INVALID);
		}
		signature.len = 80;
		assert_rv(check(session, ways[i].type, &signature, "data", false),
			  CKR_SIGNATURE_LEN_RANGE);
		assert_rv(list->C_VerifySignatureFinal(session), CKR_OPERATION_NOT_INITIALIZED);
		desk_pull(&desk, 0);
	}
}

/* The calls of one way of verifying do not go on with the other's operation. */
static void
the_two_ways_to_verify_are_not_mixed(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &sm2_key);
	CK_OBJECT_HANDLE key = desk_find(&desk, session, CKO_PUBLIC_KEY, 0);
	CK_MECHANISM mechanism = {CKM_VENDOR_SM3_SM2, NULL, 0};
	CK_BYTE byte = 0, signature[64] = {1};

	assert_rv(list->C_VerifySignatureInit(session, &mechanism, key, signature, 64), CKR_OK);
	assert_rv(list->C_VerifyInit(session, &mechanism, key), CKR_OPERATION_ACTIVE);
	assert_rv(list->C_VerifyUpdate(session, &byte, 1), CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(list->C_VerifyFinal(session, signature, 64), CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(list->C_Verify(session, &byte, 1, signature, 64), CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(list->C_VerifySignatureUpdate(session, &byte, 1), CKR_OK);
	assert_rv(list->C_VerifySignature(session, &byte, 1), CKR_OPERATION_ACTIVE);
	assert_rv(list->C_VerifySignatureInit(session, NULL, key, NULL, 0), CKR_OK);
	assert_rv(list->C_VerifySignatureFinal(session), CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(list->C_VerifyInit(session, &mechanism, key), CKR_OK);
	assert_rv(list->C_VerifySignatureUpdate(session, &byte, 1), CKR_OPERATION_NOT_INITIALIZED);
	assert_rv(list->C_SessionCancel(session, CKF_VERIFY), CKR_OK);
	desk_pull(&desk, 0);
}

static void
calls_never_go_on_by_themselves(void **state)
{
	CK_SESSION_HANDLE session;
	CK_FLAGS flags = ~0UL;

	desk_plug(&desk, 0, &sm2_key);
	assert_rv(list->C_OpenSession(desk_slot(&desk, 0), CKF_SERIAL_SESSION | CKF_ASYNC_SESSION,
				      NULL, NULL, &session),
		  CKR_SESSION_ASYNC_NOT_SUPPORTED);
	session = desk_session(&desk, 0);
	assert_rv(list->C_GetSessionValidationFlags(session, CKS_LAST_VALIDATION_OK, &flags),
		  CKR_OK);
	assert_int_equal(flags, 0);
	assert_rv(list->C_GetSessionValidationFlags(session, 7, &flags), CKR_ARGUMENTS_BAD);
	desk_pull(&desk, 0);
}

/* ---- profiles and mechanisms ---- */

static CK_ULONG
find(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *ret,
     CK_ULONG max)
{
	CK_ULONG found = 0;

	assert_rv(list->C_FindObjectsInit(session, template, count), CKR_OK);
	assert_rv(list->C_FindObjects(session, ret, max, &found), CKR_OK);
	assert_rv(list->C_FindObjectsFinal(session), CKR_OK);
	return found;
}

static void
profiles_are_told_without_asking_the_key(void **state)
{
	static const CK_ULONG profiles[] = {CKP_BASELINE_PROVIDER, CKP_AUTHENTICATION_TOKEN,
					    CKP_PUBLIC_CERTIFICATES_TOKEN};
	CK_OBJECT_CLASS class_ = CKO_PROFILE;
	CK_BBOOL yes = CK_TRUE;
	/* as NSS asks */
	CK_ATTRIBUTE template[] = {{CKA_TOKEN, &yes, sizeof(yes)},
				   {CKA_CLASS, &class_, sizeof(class_)}};
	CK_OBJECT_HANDLE objects[8];
	CK_SESSION_HANDLE session;
	long commands;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	commands = desk_status(&desk, 0, "commands");
	assert_int_equal(find(session, template, 2, objects, ARRAY_SIZE(objects)),
			 ARRAY_SIZE(profiles));
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		CK_ULONG id = 0;

		(void)desk_attribute(&desk, session, objects[i], CKA_PROFILE_ID, &id, sizeof(id));
		assert_int_equal(id, profiles[i]);
	}
	assert_int_equal(desk_status(&desk, 0, "commands"), commands);
	desk_pull(&desk, 0);
}

static void
each_mechanism_is_an_object_for_those_who_ask(void **state)
{
	CK_OBJECT_CLASS class_ = CKO_MECHANISM;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class_, sizeof(class_)}};
	CK_OBJECT_HANDLE objects[64];
	CK_MECHANISM_TYPE types[64];
	CK_ULONG count = ARRAY_SIZE(types);
	CK_SESSION_HANDLE session;
	long commands;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	commands = desk_status(&desk, 0, "commands");
	assert_rv(list->C_GetMechanismList(desk_slot(&desk, 0), types, &count), CKR_OK);
	assert_int_equal(find(session, template, 1, objects, ARRAY_SIZE(objects)), count);
	for (CK_ULONG i = 0; i < count; i++) {
		CK_MECHANISM_TYPE type = 0;

		(void)desk_attribute(&desk, session, objects[i], CKA_MECHANISM_TYPE, &type,
				     sizeof(type));
		assert_int_equal(type, types[i]);
	}
	assert_int_equal(desk_status(&desk, 0, "commands"), commands);
	class_ = CKO_HW_FEATURE;
	assert_int_equal(find(session, template, 1, objects, ARRAY_SIZE(objects)), 0);
	desk_pull(&desk, 0);
}

/* Old programs meet mechanisms never, and profiles behind all they know. */
static void
a_search_for_anything_names_profiles_last(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &sm2_key);
	CK_OBJECT_HANDLE objects[64];
	CK_ULONG count = find(session, NULL, 0, objects, ARRAY_SIZE(objects));

	assert_int_equal(count, 2 * 3 + 3);
	for (CK_ULONG i = 0; i < count; i++) {
		CK_OBJECT_CLASS class_ = 0;

		(void)desk_attribute(&desk, session, objects[i], CKA_CLASS, &class_,
				     sizeof(class_));
		assert_int_equal(class_ == CKO_PROFILE, i >= count - 3);
		assert_int_not_equal(class_, CKO_MECHANISM);
	}
	assert_rv(list->C_DestroyObject(session, objects[count - 1]), CKR_ACTION_PROHIBITED);
	desk_pull(&desk, 0);
}

/* ---- C_Initialize and threads ---- */

/* A host's mutex, which counts; only one is made. */
static struct {
	pthread_mutex_t mutex;
	unsigned int made, destroyed, locked; /* locked: how often in all */
	int depth;                            /* held now: never but 0 or 1 */
	CK_RV make_rv;
} host = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static CK_RV
host_create(CK_VOID_PTR *mutex)
{
	if (host.make_rv != CKR_OK)
		return host.make_rv;
	host.made++;
	*mutex = &host.mutex;
	return CKR_OK;
}

static CK_RV
host_destroy(CK_VOID_PTR mutex)
{
	assert_ptr_equal(mutex, &host.mutex);
	assert_int_equal(host.depth, 0);
	host.destroyed++;
	return CKR_OK;
}

static CK_RV
host_lock(CK_VOID_PTR mutex)
{
	pthread_mutex_lock(mutex);
	host.depth++;
	host.locked++;
	return host.depth == 1 ? CKR_OK : CKR_MUTEX_BAD;
}

static CK_RV
host_unlock(CK_VOID_PTR mutex)
{
	host.depth--;
	pthread_mutex_unlock(mutex);
	return CKR_OK;
}

static CK_C_INITIALIZE_ARGS
host_arguments(CK_FLAGS flags)
{
	return (CK_C_INITIALIZE_ARGS){.CreateMutex = host_create,
				      .DestroyMutex = host_destroy,
				      .LockMutex = host_lock,
				      .UnlockMutex = host_unlock,
				      .flags = flags};
}

static void
initialize_as(CK_C_INITIALIZE_ARGS *arguments)
{
	assert_rv(list->C_Finalize(NULL), CKR_OK);
	host.made = host.destroyed = host.locked = 0;
	assert_rv(list->C_Initialize(arguments), CKR_OK);
}

static void
initialize_arguments_are_checked(void **state)
{
	CK_C_INITIALIZE_ARGS some = {.CreateMutex = host_create};
	CK_C_INITIALIZE_ARGS reserved = {.pReserved = &desk};
	CK_C_INITIALIZE_ARGS full = host_arguments(0);

	assert_rv(list->C_Finalize(NULL), CKR_OK);
	assert_rv(list->C_Initialize(&some), CKR_ARGUMENTS_BAD);
	assert_rv(list->C_Initialize(&reserved), CKR_ARGUMENTS_BAD);
	host.make_rv = CKR_HOST_MEMORY;
	assert_rv(list->C_Initialize(&full), CKR_HOST_MEMORY);
	host.make_rv = CKR_OK;
	assert_rv(list->C_Initialize(NULL), CKR_OK);
	assert_rv(list->C_Finalize(&desk), CKR_ARGUMENTS_BAD);
}

/* 2.40, 5.4: neither, system's, host's, either; our own threads are never made. */
static void
all_four_ways_with_threads_work(void **state)
{
	CK_C_INITIALIZE_ARGS system = {.flags = CKF_OS_LOCKING_OK |
						CKF_LIBRARY_CANT_CREATE_OS_THREADS};
	CK_C_INITIALIZE_ARGS neither = {.flags = 0};
	CK_C_INITIALIZE_ARGS hosts = host_arguments(CKF_LIBRARY_CANT_CREATE_OS_THREADS);
	CK_C_INITIALIZE_ARGS either = host_arguments(CKF_OS_LOCKING_OK);
	CK_C_INITIALIZE_ARGS *const ways[] = {NULL, &neither, &system, &hosts, &either};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct desk_signature signature;
		CK_SESSION_HANDLE session;

		initialize_as(ways[i]);
		session = desk_user(&desk, &sm2_key);
		assert_rv(desk_sign(&desk, session, CKM_VENDOR_SM3_SM2, "data", 4, &signature),
			  CKR_OK);
		desk_pull(&desk, 0);
		assert_int_equal(host.made, ways[i] == &hosts);
		assert_int_equal(host.locked > 0, ways[i] == &hosts);
		assert_int_equal(host.depth, 0);
	}
	initialize_as(&hosts);
	assert_rv(list->C_Initialize(&hosts), CKR_CRYPTOKI_ALREADY_INITIALIZED);
	assert_int_equal(host.made, 2);
	assert_int_equal(host.destroyed, 1);
	assert_rv(list->C_Finalize(NULL), CKR_OK);
	assert_int_equal(host.destroyed, 2);
	assert_rv(list->C_Initialize(NULL), CKR_OK);
}

static void *
sign_often(void *data)
{
	CK_SESSION_HANDLE session = *(CK_SESSION_HANDLE *)data;
	CK_RV rv = CKR_OK;

	for (int i = 0; i < 20 && rv == CKR_OK; i++) {
		CK_BYTE message[] = "data", digest[32];
		CK_MECHANISM mechanism = {CKM_SHA256, NULL, 0};
		CK_ULONG len = sizeof(digest);

		rv = list->C_DigestInit(session, &mechanism);
		if (rv == CKR_OK)
			rv = list->C_Digest(session, message, 4, digest, &len);
		if (rv == CKR_OK)
			rv = list->C_GenerateRandom(session, digest, sizeof(digest));
	}
	return (void *)rv;
}

static void *
wait_for_event(void *data)
{
	CK_SLOT_ID slot;
	CK_RV rv;

	do
		rv = list->C_WaitForSlotEvent(0, &slot, NULL);
	while (rv == CKR_OK);
	return (void *)rv;
}

/* One waits for keys, the others work: the host's mutex keeps none of them out for good. */
static void
threads_with_the_hosts_mutex_do_not_hang(void **state)
{
	CK_C_INITIALIZE_ARGS hosts = host_arguments(0);
	CK_SESSION_HANDLE sessions[4];
	pthread_t workers[4], waiter;
	void *result;

	initialize_as(&hosts);
	desk_plug(&desk, 0, &sm2_key);
	assert_int_equal(pthread_create(&waiter, NULL, wait_for_event, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(workers); i++) {
		sessions[i] = desk_session(&desk, 0);
		assert_int_equal(pthread_create(&workers[i], NULL, sign_often, &sessions[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(workers); i++) {
		assert_int_equal(pthread_join(workers[i], &result), 0);
		assert_rv((CK_RV)result, CKR_OK);
	}
	assert_rv(list->C_Finalize(NULL), CKR_OK);
	assert_int_equal(pthread_join(waiter, &result), 0);
	assert_rv((CK_RV)result, CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_int_equal(host.destroyed, 1);
	assert_rv(list->C_Initialize(NULL), CKR_OK);
	desk_pull(&desk, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_list_has_its_version_and_tells_it),
		cmocka_unit_test(the_list_of_interfaces_names_them_all),
		cmocka_unit_test(nobody_can_be_named_at_a_login),
		cmocka_unit_test(a_host_ends_the_operations_it_names),
		cmocka_unit_test(an_init_without_mechanism_ends_what_runs),
		cmocka_unit_test(a_signature_may_come_before_its_data),
		cmocka_unit_test(the_two_ways_to_verify_are_not_mixed),
		cmocka_unit_test(calls_never_go_on_by_themselves),
		cmocka_unit_test(profiles_are_told_without_asking_the_key),
		cmocka_unit_test(each_mechanism_is_an_object_for_those_who_ask),
		cmocka_unit_test(a_search_for_anything_names_profiles_last),
		cmocka_unit_test(initialize_arguments_are_checked),
		cmocka_unit_test(all_four_ways_with_threads_work),
		cmocka_unit_test(threads_with_the_hosts_mutex_do_not_hang),
	};

	return cmocka_run_group_tests_name("interfaces", tests, desk_up, desk_down);
}
