/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The application interface of intelligent cryptographic keys, GM/T 0016-2012: the standard's
 * names, types and numbers, declared anew.  libopenukey-skf.so has all of them; what each one does
 * here, and what is not supported, is in libopenukey-skf(7).
 *
 * Structures are packed to bytes, as the libraries in use have them.  A library built with
 * skf_packing=natural has naturally aligned ones, and so has a program that defines
 * OPENUKEY_SKF_NATURAL, which its pkg-config file does.  Only DEVINFO differs.
 *
 * Integers are the host's; numbers in byte arrays are big-endian, and those of 256 bits stand at
 * the end of their 64 bytes.
 */
#ifndef OPENUKEY_SKF_H
#define OPENUKEY_SKF_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef DEVAPI
#define DEVAPI __attribute__((visibility("default")))
#endif

/* ---- types (6.2) ---- */

typedef uint8_t BYTE;
typedef char CHAR;
typedef uint16_t USHORT;
typedef uint32_t ULONG;
typedef uint32_t DWORD;
typedef int32_t LONG;
typedef int32_t BOOL;
typedef char *LPSTR;
typedef void *HANDLE;
typedef HANDLE DEVHANDLE;
typedef HANDLE HAPPLICATION;
typedef HANDLE HCONTAINER;

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

#define ADMIN_TYPE 0
#define USER_TYPE  1

#define SECURE_NEVER_ACCOUNT  0x00000000u
#define SECURE_ADM_ACCOUNT    0x00000001u
#define SECURE_USER_ACCOUNT   0x00000010u
#define SECURE_ANYONE_ACCOUNT 0x000000ffu

#define DEV_ABSENT_STATE  0x00000000u
#define DEV_PRESENT_STATE 0x00000001u
#define DEV_UNKNOW_STATE  0x00000002u

#define DEV_EVENT_INSERTED 0x00000001u
#define DEV_EVENT_REMOVED  0x00000002u

#define CONTAINER_TYPE_EMPTY 0u
#define CONTAINER_TYPE_RSA   1u
#define CONTAINER_TYPE_ECC   2u

#define PADDING_NONE  0u
#define PADDING_PKCS5 1u

#define INFINITE_TIMEOUT 0xffffffffu /* of SKF_LockDev */

#define MAX_IV_LEN                   32
#define MAX_RSA_MODULUS_LEN          256
#define MAX_RSA_EXPONENT_LEN         4
#define ECC_MAX_XCOORDINATE_BITS_LEN 512
#define ECC_MAX_YCOORDINATE_BITS_LEN 512
#define ECC_MAX_MODULUS_BITS_LEN     512
#define MAX_FILE_NAME_SIZE           32
#define MAX_CONTAINER_NAME_SIZE      64

/* ---- algorithms (GM/T 0006) ---- */

#define SGD_SM1_ECB   0x00000101u
#define SGD_SM1_CBC   0x00000102u
#define SGD_SM1_CFB   0x00000104u
#define SGD_SM1_OFB   0x00000108u
#define SGD_SM1_MAC   0x00000110u
#define SGD_SSF33_ECB 0x00000201u
#define SGD_SSF33_CBC 0x00000202u
#define SGD_SSF33_CFB 0x00000204u
#define SGD_SSF33_OFB 0x00000208u
#define SGD_SSF33_MAC 0x00000210u
#define SGD_SM4_ECB   0x00000401u
#define SGD_SM4_CBC   0x00000402u
#define SGD_SM4_CFB   0x00000404u
#define SGD_SM4_OFB   0x00000408u
#define SGD_SM4_MAC   0x00000410u
#define SGD_RSA       0x00010000u
#define SGD_SM2_1     0x00020100u
#define SGD_SM2_2     0x00020200u
#define SGD_SM2_3     0x00020400u
#define SGD_SM3       0x00000001u
#define SGD_SHA1      0x00000002u
#define SGD_SHA256    0x00000004u

/* ---- structures (6.4) ---- */

#ifndef OPENUKEY_SKF_NATURAL
#pragma pack(push, 1)
#endif

typedef struct Struct_Version {
	BYTE major, minor;
} VERSION;

typedef struct Struct_DEVINFO {
	VERSION Version;
	CHAR Manufacturer[64];
	CHAR Issuer[64];
	CHAR Label[32];
	CHAR SerialNumber[32];
	VERSION HWVersion;
	VERSION FirmwareVersion;
	ULONG AlgSymCap;
	ULONG AlgAsymCap;
	ULONG AlgHashCap;
	ULONG DevAuthAlgId;
	ULONG TotalSpace;
	ULONG FreeSpace;
	ULONG MaxECCBufferSize;
	ULONG MaxBufferSize;
	BYTE Reserved[64];
} DEVINFO, *PDEVINFO;

typedef struct Struct_RSAPUBLICKEYBLOB {
	ULONG AlgID;
	ULONG BitLen;
	BYTE Modulus[MAX_RSA_MODULUS_LEN];
	BYTE PublicExponent[MAX_RSA_EXPONENT_LEN];
} RSAPUBLICKEYBLOB, *PRSAPUBLICKEYBLOB;

typedef struct Struct_RSAPRIVATEKEYBLOB {
	ULONG AlgID;
	ULONG BitLen;
	BYTE Modulus[MAX_RSA_MODULUS_LEN];
	BYTE PublicExponent[MAX_RSA_EXPONENT_LEN];
	BYTE PrivateExponent[MAX_RSA_MODULUS_LEN];
	BYTE Prime1[MAX_RSA_MODULUS_LEN / 2];
	BYTE Prime2[MAX_RSA_MODULUS_LEN / 2];
	BYTE Prime1Exponent[MAX_RSA_MODULUS_LEN / 2];
	BYTE Prime2Exponent[MAX_RSA_MODULUS_LEN / 2];
	BYTE Coefficient[MAX_RSA_MODULUS_LEN / 2];
} RSAPRIVATEKEYBLOB, *PRSAPRIVATEKEYBLOB;

typedef struct Struct_ECCPUBLICKEYBLOB {
	ULONG BitLen;
	BYTE XCoordinate[ECC_MAX_XCOORDINATE_BITS_LEN / 8];
	BYTE YCoordinate[ECC_MAX_YCOORDINATE_BITS_LEN / 8];
} ECCPUBLICKEYBLOB, *PECCPUBLICKEYBLOB;

typedef struct Struct_ECCPRIVATEKEYBLOB {
	ULONG BitLen;
	BYTE PrivateKey[ECC_MAX_MODULUS_BITS_LEN / 8];
} ECCPRIVATEKEYBLOB, *PECCPRIVATEKEYBLOB;

/* Cipher has CipherLen bytes: the structure is as long as it needs to be. */
typedef struct Struct_ECCCIPHERBLOB {
	BYTE XCoordinate[ECC_MAX_XCOORDINATE_BITS_LEN / 8];
	BYTE YCoordinate[ECC_MAX_YCOORDINATE_BITS_LEN / 8];
	BYTE HASH[32];
	ULONG CipherLen;
	BYTE Cipher[1];
} ECCCIPHERBLOB, *PECCCIPHERBLOB;

typedef struct Struct_ECCSIGNATUREBLOB {
	BYTE r[ECC_MAX_XCOORDINATE_BITS_LEN / 8];
	BYTE s[ECC_MAX_XCOORDINATE_BITS_LEN / 8];
} ECCSIGNATUREBLOB, *PECCSIGNATUREBLOB;

typedef struct Struct_BLOCKCIPHERPARAM {
	BYTE IV[MAX_IV_LEN];
	ULONG IVLen;
	ULONG PaddingType;
	ULONG FeedBitLen;
} BLOCKCIPHERPARAM, *PBLOCKCIPHERPARAM;

typedef struct SKF_ENVELOPEDKEYBLOB {
	ULONG Version;
	ULONG ulSymmAlgID;
	ULONG ulBits;
	BYTE cbEncryptedPriKey[64];
	ECCPUBLICKEYBLOB PubKey;
	ECCCIPHERBLOB ECCCipherBlob;
} ENVELOPEDKEYBLOB, *PENVELOPEDKEYBLOB;

typedef struct Struct_FILEATTRIBUTE {
	CHAR FileName[MAX_FILE_NAME_SIZE];
	ULONG FileSize;
	ULONG ReadRights;
	ULONG WriteRights;
} FILEATTRIBUTE, *PFILEATTRIBUTE;

#ifndef OPENUKEY_SKF_NATURAL
#pragma pack(pop)
#endif

/* ---- what every function returns (annex A) ---- */

#define SAR_OK                        0x00000000u
#define SAR_FAIL                      0x0a000001u
#define SAR_UNKNOWNERR                0x0a000002u
#define SAR_NOTSUPPORTYETERR          0x0a000003u
#define SAR_FILEERR                   0x0a000004u
#define SAR_INVALIDHANDLEERR          0x0a000005u
#define SAR_INVALIDPARAMERR           0x0a000006u
#define SAR_READFILEERR               0x0a000007u
#define SAR_WRITEFILEERR              0x0a000008u
#define SAR_NAMELENERR                0x0a000009u
#define SAR_KEYUSAGEERR               0x0a00000au
#define SAR_MODULUSLENERR             0x0a00000bu
#define SAR_NOTINITIALIZEERR          0x0a00000cu
#define SAR_OBJERR                    0x0a00000du
#define SAR_MEMORYERR                 0x0a00000eu
#define SAR_TIMEOUTERR                0x0a00000fu
#define SAR_INDATALENERR              0x0a000010u
#define SAR_INDATAERR                 0x0a000011u
#define SAR_GENRANDERR                0x0a000012u
#define SAR_HASHOBJERR                0x0a000013u
#define SAR_HASHERR                   0x0a000014u
#define SAR_GENRSAKEYERR              0x0a000015u
#define SAR_RSAMODULUSLENERR          0x0a000016u
#define SAR_CSPIMPRTPUBKEYERR         0x0a000017u
#define SAR_RSAENCERR                 0x0a000018u
#define SAR_RSADECERR                 0x0a000019u
#define SAR_HASHNOTEQUALERR           0x0a00001au
#define SAR_KEYNOTFOUNTERR            0x0a00001bu
#define SAR_CERTNOTFOUNTERR           0x0a00001cu
#define SAR_NOTEXPORTERR              0x0a00001du
#define SAR_DECRYPTPADERR             0x0a00001eu
#define SAR_MACLENERR                 0x0a00001fu
#define SAR_BUFFER_TOO_SMALL          0x0a000020u
#define SAR_KEYINFOTYPEERR            0x0a000021u
#define SAR_NOT_EVENTERR              0x0a000022u
#define SAR_DEVICE_REMOVED            0x0a000023u
#define SAR_PIN_INCORRECT             0x0a000024u
#define SAR_PIN_LOCKED                0x0a000025u
#define SAR_PIN_INVALID               0x0a000026u
#define SAR_PIN_LEN_RANGE             0x0a000027u
#define SAR_USER_ALREADY_LOGGED_IN    0x0a000028u
#define SAR_USER_PIN_NOT_INITIALIZED  0x0a000029u
#define SAR_USER_TYPE_INVALID         0x0a00002au
#define SAR_APPLICATION_NAME_INVALID  0x0a00002bu
#define SAR_APPLICATION_EXISTS        0x0a00002cu
#define SAR_USER_NOT_LOGGED_IN        0x0a00002du
#define SAR_APPLICATION_NOT_EXISTS    0x0a00002eu
#define SAR_FILE_ALREADY_EXIST        0x0a00002fu
#define SAR_NO_ROOM                   0x0a000030u
#define SAR_FILE_NOT_EXIST            0x0a000031u
#define SAR_REACH_MAX_CONTAINER_COUNT 0x0a000032u

/* ---- device (7.1) ---- */

ULONG DEVAPI SKF_WaitForDevEvent(LPSTR szDevName, ULONG *pulDevNameLen, ULONG *pulEvent);
ULONG DEVAPI SKF_CancelWaitForDevEvent(void);
ULONG DEVAPI SKF_EnumDev(BOOL bPresent, LPSTR szNameList, ULONG *pulSize);
ULONG DEVAPI SKF_ConnectDev(LPSTR szName, DEVHANDLE *phDev);
ULONG DEVAPI SKF_DisConnectDev(DEVHANDLE hDev);
ULONG DEVAPI SKF_GetDevState(LPSTR szDevName, ULONG *pulDevState);
ULONG DEVAPI SKF_SetLabel(DEVHANDLE hDev, LPSTR szLabel);
ULONG DEVAPI SKF_GetDevInfo(DEVHANDLE hDev, DEVINFO *pDevInfo);
ULONG DEVAPI SKF_LockDev(DEVHANDLE hDev, ULONG ulTimeOut);
ULONG DEVAPI SKF_UnlockDev(DEVHANDLE hDev);
ULONG DEVAPI SKF_Transmit(DEVHANDLE hDev, BYTE *pbCommand, ULONG ulCommandLen, BYTE *pbData,
			  ULONG *pulDataLen);

/* ---- access control (7.2) ---- */

ULONG DEVAPI SKF_ChangeDevAuthKey(DEVHANDLE hDev, BYTE *pbKeyValue, ULONG ulKeyLen);
ULONG DEVAPI SKF_DevAuth(DEVHANDLE hDev, BYTE *pbAuthData, ULONG ulLen);
ULONG DEVAPI SKF_ChangePIN(HAPPLICATION hApplication, ULONG ulPINType, LPSTR szOldPin,
			   LPSTR szNewPin, ULONG *pulRetryCount);
ULONG DEVAPI SKF_GetPINInfo(HAPPLICATION hApplication, ULONG ulPINType, ULONG *pulMaxRetryCount,
			    ULONG *pulRemainRetryCount, BOOL *pbDefaultPin);
ULONG DEVAPI SKF_VerifyPIN(HAPPLICATION hApplication, ULONG ulPINType, LPSTR szPIN,
			   ULONG *pulRetryCount);
ULONG DEVAPI SKF_UnblockPIN(HAPPLICATION hApplication, LPSTR szAdminPIN, LPSTR szNewUserPIN,
			    ULONG *pulRetryCount);
ULONG DEVAPI SKF_ClearSecureState(HAPPLICATION hApplication);

/* ---- applications (7.3) ---- */

ULONG DEVAPI SKF_CreateApplication(DEVHANDLE hDev, LPSTR szAppName, LPSTR szAdminPin,
				   DWORD dwAdminPinRetryCount, LPSTR szUserPin,
				   DWORD dwUserPinRetryCount, DWORD dwCreateFileRights,
				   HAPPLICATION *phApplication);
ULONG DEVAPI SKF_EnumApplication(DEVHANDLE hDev, LPSTR szAppName, ULONG *pulSize);
ULONG DEVAPI SKF_DeleteApplication(DEVHANDLE hDev, LPSTR szAppName);
ULONG DEVAPI SKF_OpenApplication(DEVHANDLE hDev, LPSTR szAppName, HAPPLICATION *phApplication);
ULONG DEVAPI SKF_CloseApplication(HAPPLICATION hApplication);

/* ---- files (7.4) ---- */

ULONG DEVAPI SKF_CreateFile(HAPPLICATION hApplication, LPSTR szFileName, ULONG ulFileSize,
			    ULONG ulReadRights, ULONG ulWriteRights);
ULONG DEVAPI SKF_DeleteFile(HAPPLICATION hApplication, LPSTR szFileName);
ULONG DEVAPI SKF_EnumFiles(HAPPLICATION hApplication, LPSTR szFileList, ULONG *pulSize);
ULONG DEVAPI SKF_GetFileInfo(HAPPLICATION hApplication, LPSTR szFileName, FILEATTRIBUTE *pFileInfo);
ULONG DEVAPI SKF_ReadFile(HAPPLICATION hApplication, LPSTR szFileName, ULONG ulOffset, ULONG ulSize,
			  BYTE *pbOutData, ULONG *pulOutLen);
ULONG DEVAPI SKF_WriteFile(HAPPLICATION hApplication, LPSTR szFileName, ULONG ulOffset,
			   BYTE *pbData, ULONG ulSize);

/* ---- containers (7.5) ---- */

ULONG DEVAPI SKF_CreateContainer(HAPPLICATION hApplication, LPSTR szContainerName,
				 HCONTAINER *phContainer);
ULONG DEVAPI SKF_DeleteContainer(HAPPLICATION hApplication, LPSTR szContainerName);
ULONG DEVAPI SKF_EnumContainer(HAPPLICATION hApplication, LPSTR szContainerName, ULONG *pulSize);
ULONG DEVAPI SKF_OpenContainer(HAPPLICATION hApplication, LPSTR szContainerName,
			       HCONTAINER *phContainer);
ULONG DEVAPI SKF_CloseContainer(HCONTAINER hContainer);
ULONG DEVAPI SKF_GetContainerType(HCONTAINER hContainer, ULONG *pulContainerType);
ULONG DEVAPI SKF_ImportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert,
				   ULONG ulCertLen);
ULONG DEVAPI SKF_ExportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert,
				   ULONG *pulCertLen);

/* ---- cryptography (7.6) ---- */

ULONG DEVAPI SKF_GenRandom(DEVHANDLE hDev, BYTE *pbRandom, ULONG ulRandomLen);
ULONG DEVAPI SKF_GenRSAKeyPair(HCONTAINER hContainer, ULONG ulBitsLen, RSAPUBLICKEYBLOB *pBlob);
ULONG DEVAPI SKF_ImportRSAKeyPair(HCONTAINER hContainer, ULONG ulSymAlgId, BYTE *pbWrappedKey,
				  ULONG ulWrappedKeyLen, BYTE *pbEncryptedData,
				  ULONG ulEncryptedDataLen);
ULONG DEVAPI SKF_RSASignData(HCONTAINER hContainer, BYTE *pbData, ULONG ulDataLen,
			     BYTE *pbSignature, ULONG *pulSignLen);
ULONG DEVAPI SKF_RSAVerify(DEVHANDLE hDev, RSAPUBLICKEYBLOB *pRSAPubKeyBlob, BYTE *pbData,
			   ULONG ulDataLen, BYTE *pbSignature, ULONG ulSignLen);
ULONG DEVAPI SKF_RSAExportSessionKey(HCONTAINER hContainer, ULONG ulAlgId,
				     RSAPUBLICKEYBLOB *pPubKey, BYTE *pbData, ULONG *pulDataLen,
				     HANDLE *phSessionKey);
ULONG DEVAPI SKF_GenECCKeyPair(HCONTAINER hContainer, ULONG ulAlgId, ECCPUBLICKEYBLOB *pBlob);
ULONG DEVAPI SKF_ImportECCKeyPair(HCONTAINER hContainer, ENVELOPEDKEYBLOB *pEnvelopedKeyBlob);
ULONG DEVAPI SKF_ECCSignData(HCONTAINER hContainer, BYTE *pbData, ULONG ulDataLen,
			     ECCSIGNATUREBLOB *pSignature);
ULONG DEVAPI SKF_ECCVerify(DEVHANDLE hDev, ECCPUBLICKEYBLOB *pECCPubKeyBlob, BYTE *pbData,
			   ULONG ulDataLen, ECCSIGNATUREBLOB *pSignature);
ULONG DEVAPI SKF_ECCExportSessionKey(HCONTAINER hContainer, ULONG ulAlgId,
				     ECCPUBLICKEYBLOB *pPubKey, ECCCIPHERBLOB *pData,
				     HANDLE *phSessionKey);
ULONG DEVAPI SKF_ExtECCEncrypt(DEVHANDLE hDev, ECCPUBLICKEYBLOB *pECCPubKeyBlob, BYTE *pbPlainText,
			       ULONG ulPlainTextLen, ECCCIPHERBLOB *pCipherText);
ULONG DEVAPI SKF_GenerateAgreementDataWithECC(HCONTAINER hContainer, ULONG ulAlgId,
					      ECCPUBLICKEYBLOB *pTempECCPubKeyBlob, BYTE *pbID,
					      ULONG ulIDLen, HANDLE *phAgreementHandle);
ULONG DEVAPI SKF_GenerateAgreementDataAndKeyWithECC(HANDLE hContainer, ULONG ulAlgId,
						    ECCPUBLICKEYBLOB *pSponsorECCPubKeyBlob,
						    ECCPUBLICKEYBLOB *pSponsorTempECCPubKeyBlob,
						    ECCPUBLICKEYBLOB *pTempECCPubKeyBlob,
						    BYTE *pbID, ULONG ulIDLen, BYTE *pbSponsorID,
						    ULONG ulSponsorIDLen, HANDLE *phKeyHandle);
ULONG DEVAPI SKF_GenerateKeyWithECC(HANDLE hAgreementHandle, ECCPUBLICKEYBLOB *pECCPubKeyBlob,
				    ECCPUBLICKEYBLOB *pTempECCPubKeyBlob, BYTE *pbID, ULONG ulIDLen,
				    HANDLE *phKeyHandle);
ULONG DEVAPI SKF_ExportPublicKey(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbBlob,
				 ULONG *pulBlobLen);
ULONG DEVAPI SKF_ImportSessionKey(HCONTAINER hContainer, ULONG ulAlgId, BYTE *pbWrapedData,
				  ULONG ulWrapedLen, HANDLE *phKey);
ULONG DEVAPI SKF_EncryptInit(HANDLE hKey, BLOCKCIPHERPARAM EncryptParam);
ULONG DEVAPI SKF_Encrypt(HANDLE hKey, BYTE *pbData, ULONG ulDataLen, BYTE *pbEncryptedData,
			 ULONG *pulEncryptedLen);
ULONG DEVAPI SKF_EncryptUpdate(HANDLE hKey, BYTE *pbData, ULONG ulDataLen, BYTE *pbEncryptedData,
			       ULONG *pulEncryptedLen);
ULONG DEVAPI SKF_EncryptFinal(HANDLE hKey, BYTE *pbEncryptedData, ULONG *pulEncryptedDataLen);
ULONG DEVAPI SKF_DecryptInit(HANDLE hKey, BLOCKCIPHERPARAM DecryptParam);
ULONG DEVAPI SKF_Decrypt(HANDLE hKey, BYTE *pbEncryptedData, ULONG ulEncryptedLen, BYTE *pbData,
			 ULONG *pulDataLen);
ULONG DEVAPI SKF_DecryptUpdate(HANDLE hKey, BYTE *pbEncryptedData, ULONG ulEncryptedLen,
			       BYTE *pbData, ULONG *pulDataLen);
ULONG DEVAPI SKF_DecryptFinal(HANDLE hKey, BYTE *pbDecryptedData, ULONG *pulDecryptedDataLen);
ULONG DEVAPI SKF_DigestInit(DEVHANDLE hDev, ULONG ulAlgID, ECCPUBLICKEYBLOB *pPubKey, BYTE *pucID,
			    ULONG ulIDLen, HANDLE *phHash);
ULONG DEVAPI SKF_Digest(HANDLE hHash, BYTE *pbData, ULONG ulDataLen, BYTE *pbHashData,
			ULONG *pulHashLen);
ULONG DEVAPI SKF_DigestUpdate(HANDLE hHash, BYTE *pbData, ULONG ulDataLen);
ULONG DEVAPI SKF_DigestFinal(HANDLE hHash, BYTE *pHashData, ULONG *pulHashLen);
ULONG DEVAPI SKF_MacInit(HANDLE hKey, BLOCKCIPHERPARAM *pMacParam, HANDLE *phMac);
ULONG DEVAPI SKF_Mac(HANDLE hMac, BYTE *pbData, ULONG ulDataLen, BYTE *pbMacData, ULONG *pulMacLen);
ULONG DEVAPI SKF_MacUpdate(HANDLE hMac, BYTE *pbData, ULONG ulDataLen);
ULONG DEVAPI SKF_MacFinal(HANDLE hMac, BYTE *pbMacData, ULONG *pulMacDataLen);
ULONG DEVAPI SKF_CloseHandle(HANDLE hHandle);

#ifdef __cplusplus
}
#endif

#endif
