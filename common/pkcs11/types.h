/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What functions take and give: basic types, information structs and their flags (3.2, 3). */
#ifndef UK_COMMON_PKCS11_TYPES_H
#define UK_COMMON_PKCS11_TYPES_H

/* the newest version that these headers know */
#define CRYPTOKI_VERSION_MAJOR     3
#define CRYPTOKI_VERSION_MINOR     2
#define CRYPTOKI_VERSION_AMENDMENT 0

#define CK_TRUE  1
#define CK_FALSE 0

#define CK_UNAVAILABLE_INFORMATION (~0UL)
#define CK_EFFECTIVELY_INFINITE    0UL
#define CK_INVALID_HANDLE          0UL

/* the standard's names of pointer types */
#define CK_POINTER_TO(T) typedef T *T##_PTR

typedef unsigned char CK_BYTE;
typedef CK_BYTE CK_CHAR;
typedef CK_BYTE CK_UTF8CHAR;
typedef CK_BYTE CK_BBOOL;
typedef unsigned long CK_ULONG;
typedef long CK_LONG;
typedef CK_ULONG CK_FLAGS;
typedef void *CK_VOID_PTR;
CK_POINTER_TO(CK_BYTE);
CK_POINTER_TO(CK_CHAR);
CK_POINTER_TO(CK_UTF8CHAR);
CK_POINTER_TO(CK_ULONG);
CK_POINTER_TO(CK_VOID_PTR);
CK_POINTER_TO(CK_FLAGS);

typedef CK_ULONG CK_RV;
typedef CK_ULONG CK_NOTIFICATION;
typedef CK_ULONG CK_SLOT_ID;
typedef CK_ULONG CK_SESSION_HANDLE;
typedef CK_ULONG CK_USER_TYPE;
typedef CK_ULONG CK_STATE;
typedef CK_ULONG CK_OBJECT_HANDLE;
typedef CK_ULONG CK_OBJECT_CLASS;
typedef CK_ULONG CK_PROFILE_ID;
typedef CK_ULONG CK_HW_FEATURE_TYPE;
typedef CK_ULONG CK_KEY_TYPE;
typedef CK_ULONG CK_CERTIFICATE_TYPE;
typedef CK_ULONG CK_CERTIFICATE_CATEGORY;
typedef CK_ULONG CK_JAVA_MIDP_SECURITY_DOMAIN;
typedef CK_ULONG CK_ATTRIBUTE_TYPE;
typedef CK_ULONG CK_MECHANISM_TYPE;
typedef CK_ULONG CK_SESSION_VALIDATION_FLAGS_TYPE;
CK_POINTER_TO(CK_SLOT_ID);
CK_POINTER_TO(CK_SESSION_HANDLE);
CK_POINTER_TO(CK_OBJECT_HANDLE);
CK_POINTER_TO(CK_OBJECT_CLASS);
CK_POINTER_TO(CK_MECHANISM_TYPE);

/* ---- library ---- */

typedef struct CK_VERSION {
	CK_BYTE major;
	CK_BYTE minor;
} CK_VERSION;
CK_POINTER_TO(CK_VERSION);

typedef struct CK_INFO {
	CK_VERSION cryptokiVersion;
	CK_UTF8CHAR manufacturerID[32];
	CK_FLAGS flags;
	CK_UTF8CHAR libraryDescription[32];
	CK_VERSION libraryVersion;
} CK_INFO;
CK_POINTER_TO(CK_INFO);

typedef CK_RV (*CK_CREATEMUTEX)(CK_VOID_PTR *mutex);
typedef CK_RV (*CK_DESTROYMUTEX)(CK_VOID_PTR mutex);
typedef CK_RV (*CK_LOCKMUTEX)(CK_VOID_PTR mutex);
typedef CK_RV (*CK_UNLOCKMUTEX)(CK_VOID_PTR mutex);

typedef struct CK_C_INITIALIZE_ARGS {
	CK_CREATEMUTEX CreateMutex;
	CK_DESTROYMUTEX DestroyMutex;
	CK_LOCKMUTEX LockMutex;
	CK_UNLOCKMUTEX UnlockMutex;
	CK_FLAGS flags;
	CK_VOID_PTR pReserved;
} CK_C_INITIALIZE_ARGS;
CK_POINTER_TO(CK_C_INITIALIZE_ARGS);

#define CKF_LIBRARY_CANT_CREATE_OS_THREADS 0x00000001UL
#define CKF_OS_LOCKING_OK                  0x00000002UL

/* 3.0: one of the function lists that a module offers */
typedef struct CK_INTERFACE {
	CK_CHAR *pInterfaceName;
	CK_VOID_PTR pFunctionList;
	CK_FLAGS flags;
} CK_INTERFACE;
CK_POINTER_TO(CK_INTERFACE);
CK_POINTER_TO(CK_INTERFACE_PTR);

#define CKF_INTERFACE_FORK_SAFE 0x00000001UL

/* ---- slots and tokens ---- */

typedef struct CK_SLOT_INFO {
	CK_UTF8CHAR slotDescription[64];
	CK_UTF8CHAR manufacturerID[32];
	CK_FLAGS flags;
	CK_VERSION hardwareVersion;
	CK_VERSION firmwareVersion;
} CK_SLOT_INFO;
CK_POINTER_TO(CK_SLOT_INFO);

#define CKF_TOKEN_PRESENT    0x00000001UL
#define CKF_REMOVABLE_DEVICE 0x00000002UL
#define CKF_HW_SLOT          0x00000004UL

typedef struct CK_TOKEN_INFO {
	CK_UTF8CHAR label[32];
	CK_UTF8CHAR manufacturerID[32];
	CK_UTF8CHAR model[16];
	CK_CHAR serialNumber[16];
	CK_FLAGS flags;
	CK_ULONG ulMaxSessionCount;
	CK_ULONG ulSessionCount;
	CK_ULONG ulMaxRwSessionCount;
	CK_ULONG ulRwSessionCount;
	CK_ULONG ulMaxPinLen;
	CK_ULONG ulMinPinLen;
	CK_ULONG ulTotalPublicMemory;
	CK_ULONG ulFreePublicMemory;
	CK_ULONG ulTotalPrivateMemory;
	CK_ULONG ulFreePrivateMemory;
	CK_VERSION hardwareVersion;
	CK_VERSION firmwareVersion;
	CK_CHAR utcTime[16];
} CK_TOKEN_INFO;
CK_POINTER_TO(CK_TOKEN_INFO);

#define CKF_RNG                           0x00000001UL
#define CKF_WRITE_PROTECTED               0x00000002UL
#define CKF_LOGIN_REQUIRED                0x00000004UL
#define CKF_USER_PIN_INITIALIZED          0x00000008UL
#define CKF_RESTORE_KEY_NOT_NEEDED        0x00000020UL
#define CKF_CLOCK_ON_TOKEN                0x00000040UL
#define CKF_PROTECTED_AUTHENTICATION_PATH 0x00000100UL
#define CKF_DUAL_CRYPTO_OPERATIONS        0x00000200UL
#define CKF_TOKEN_INITIALIZED             0x00000400UL
#define CKF_SECONDARY_AUTHENTICATION      0x00000800UL
#define CKF_USER_PIN_COUNT_LOW            0x00010000UL
#define CKF_USER_PIN_FINAL_TRY            0x00020000UL
#define CKF_USER_PIN_LOCKED               0x00040000UL
#define CKF_USER_PIN_TO_BE_CHANGED        0x00080000UL
#define CKF_SO_PIN_COUNT_LOW              0x00100000UL
#define CKF_SO_PIN_FINAL_TRY              0x00200000UL
#define CKF_SO_PIN_LOCKED                 0x00400000UL
#define CKF_SO_PIN_TO_BE_CHANGED          0x00800000UL
#define CKF_ERROR_STATE                   0x01000000UL
#define CKF_SEED_RANDOM_REQUIRED          0x02000000UL
#define CKF_ASYNC_SESSION_SUPPORTED       0x04000000UL

/* of C_WaitForSlotEvent */
#define CKF_DONT_BLOCK 0x00000001UL

/* ---- sessions ---- */

typedef CK_RV (*CK_NOTIFY)(CK_SESSION_HANDLE session, CK_NOTIFICATION event,
			   CK_VOID_PTR application);

#define CKN_SURRENDER   0UL
#define CKN_OTP_CHANGED 1UL

#define CKU_SO               0UL
#define CKU_USER             1UL
#define CKU_CONTEXT_SPECIFIC 2UL

typedef struct CK_SESSION_INFO {
	CK_SLOT_ID slotID;
	CK_STATE state;
	CK_FLAGS flags;
	CK_ULONG ulDeviceError;
} CK_SESSION_INFO;
CK_POINTER_TO(CK_SESSION_INFO);

#define CKS_RO_PUBLIC_SESSION 0UL
#define CKS_RO_USER_FUNCTIONS 1UL
#define CKS_RW_PUBLIC_SESSION 2UL
#define CKS_RW_USER_FUNCTIONS 3UL
#define CKS_RW_SO_FUNCTIONS   4UL

#define CKF_RW_SESSION     0x00000002UL
#define CKF_SERIAL_SESSION 0x00000004UL
#define CKF_ASYNC_SESSION  0x00000008UL

/* 3.2: of C_GetSessionValidationFlags */
#define CKS_LAST_VALIDATION_OK 1UL

/* 3.2: what a call that went on by itself came to */
typedef struct CK_ASYNC_DATA {
	CK_ULONG ulVersion;
	CK_BYTE *pValue;
	CK_ULONG ulValue;
	CK_OBJECT_HANDLE hObject;
	CK_OBJECT_HANDLE hAdditionalObject;
} CK_ASYNC_DATA;
CK_POINTER_TO(CK_ASYNC_DATA);

/* ---- attributes and mechanisms ---- */

typedef struct CK_ATTRIBUTE {
	CK_ATTRIBUTE_TYPE type;
	CK_VOID_PTR pValue;
	CK_ULONG ulValueLen;
} CK_ATTRIBUTE;
CK_POINTER_TO(CK_ATTRIBUTE);

typedef struct CK_DATE {
	CK_CHAR year[4];
	CK_CHAR month[2];
	CK_CHAR day[2];
} CK_DATE;

typedef struct CK_MECHANISM {
	CK_MECHANISM_TYPE mechanism;
	CK_VOID_PTR pParameter;
	CK_ULONG ulParameterLen;
} CK_MECHANISM;
CK_POINTER_TO(CK_MECHANISM);

typedef struct CK_MECHANISM_INFO {
	CK_ULONG ulMinKeySize;
	CK_ULONG ulMaxKeySize;
	CK_FLAGS flags;
} CK_MECHANISM_INFO;
CK_POINTER_TO(CK_MECHANISM_INFO);

/* of CK_MECHANISM_INFO; C_SessionCancel names operations by them, too */
#define CKF_HW                0x00000001UL
#define CKF_MESSAGE_ENCRYPT   0x00000002UL
#define CKF_MESSAGE_DECRYPT   0x00000004UL
#define CKF_MESSAGE_SIGN      0x00000008UL
#define CKF_MESSAGE_VERIFY    0x00000010UL
#define CKF_MULTI_MESSAGE     0x00000020UL
#define CKF_FIND_OBJECTS      0x00000040UL
#define CKF_ENCRYPT           0x00000100UL
#define CKF_DECRYPT           0x00000200UL
#define CKF_DIGEST            0x00000400UL
#define CKF_SIGN              0x00000800UL
#define CKF_SIGN_RECOVER      0x00001000UL
#define CKF_VERIFY            0x00002000UL
#define CKF_VERIFY_RECOVER    0x00004000UL
#define CKF_GENERATE          0x00008000UL
#define CKF_GENERATE_KEY_PAIR 0x00010000UL
#define CKF_WRAP              0x00020000UL
#define CKF_UNWRAP            0x00040000UL
#define CKF_DERIVE            0x00080000UL
#define CKF_EC_F_P            0x00100000UL
#define CKF_EC_F_2M           0x00200000UL
#define CKF_EC_ECPARAMETERS   0x00400000UL
#define CKF_EC_OID            0x00800000UL
#define CKF_EC_NAMEDCURVE     CKF_EC_OID
#define CKF_EC_UNCOMPRESS     0x01000000UL
#define CKF_EC_COMPRESS       0x02000000UL
#define CKF_EC_CURVENAME      0x04000000UL
#define CKF_ENCAPSULATE       0x10000000UL
#define CKF_DECAPSULATE       0x20000000UL
#define CKF_EXTENSION         0x80000000UL

/* of C_EncryptMessageNext and C_DecryptMessageNext */
#define CKF_END_OF_MESSAGE 0x00000001UL

#endif
