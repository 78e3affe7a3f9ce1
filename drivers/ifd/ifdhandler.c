/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The IFD handler 3.0 entry points that pcscd calls; what they do is in reader.c and the links. */
#include "drivers/ifd/log.h"
#include "drivers/ifd/reader.h"

#include <pthread.h>
#include <string.h>

#pragma GCC visibility push(default)
#include <ifdhandler.h>
#pragma GCC visibility pop
#include <reader.h>

/* Our own control code for PC/SC part 10, section 2.2, FEATURE_GET_TLV_PROPERTIES */
#define CONTROL_TLV_PROPERTIES ((uint32_t)SCARD_CTL_CODE(3600))

static const struct {
	enum uk_status status;
	RESPONSECODE code;
} codes[] = {
	{UK_OK, IFD_SUCCESS},
	{UK_E_REMOVED, IFD_ICC_NOT_PRESENT},
	{UK_E_TIMEOUT, IFD_RESPONSE_TIMEOUT},
	{UK_E_DATA_LEN, IFD_ERROR_INSUFFICIENT_BUFFER},
	{UK_E_NOT_SUPPORTED, IFD_NO_SUCH_DEVICE},
};

static RESPONSECODE
response_of(enum uk_status status)
{
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].status == status)
			return codes[i].code;
	return IFD_COMMUNICATION_ERROR;
}

RESPONSECODE
IFDHCreateChannelByName(DWORD Lun, LPSTR DeviceName)
{
	enum uk_status st = ifd_reader_open(Lun, DeviceName);

	if (st != UK_OK)
		ifd_error("reader %#lx cannot be opened: %s", Lun, uk_status_text(st));
	return response_of(st);
}

/* Readers without a device name: there are none of ours. */
RESPONSECODE
IFDHCreateChannel(DWORD Lun, DWORD Channel)
{
	return IFD_NO_SUCH_DEVICE;
}

RESPONSECODE
IFDHCloseChannel(DWORD Lun)
{
	struct ifd_reader *reader = ifd_reader_find(Lun);

	if (reader == NULL)
		return IFD_COMMUNICATION_ERROR;
	ifd_reader_close(reader);
	return IFD_SUCCESS;
}

/*
 * pcscd ends the thread that looks at a reader by a mark of its own, which a program's last call
 * may overwrite when it comes at the same moment as the unplugging (seen with 1.9.9: pcscd then
 * waits for that thread for ever). So readers that can be unplugged let pcscd cancel the thread,
 * and that may happen in wait only: anywhere else it may hold pcscd's locks.
 */
static void
cancel_in_wait_only(void)
{
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
}

static RESPONSECODE
wait_for_event(DWORD Lun, int timeout_ms)
{
	struct ifd_reader *reader = ifd_reader_find(Lun);

	if (reader == NULL)
		return IFD_COMMUNICATION_ERROR;
	cancel_in_wait_only();
	ifd_reader_wait(reader, timeout_ms);
	return IFD_SUCCESS;
}

static RESPONSECODE
stop_waiting(DWORD Lun)
{
	const struct ifd_reader *reader = ifd_reader_find(Lun);

	if (reader == NULL)
		return IFD_COMMUNICATION_ERROR;
	ifd_reader_stop_wait(reader);
	return IFD_SUCCESS;
}

static RESPONSECODE
give_value(struct uk_span value, PDWORD Length, PUCHAR Value)
{
	if (*Length < value.len)
		return IFD_ERROR_INSUFFICIENT_BUFFER;
	if (value.len > 0)
		memcpy(Value, value.ptr, value.len);
	*Length = value.len;
	return IFD_SUCCESS;
}

static RESPONSECODE (*const polling_thread)(DWORD, int) = wait_for_event;
static RESPONSECODE (*const stop_polling_thread)(DWORD) = stop_waiting;

static const uint8_t yes = 1, no = 0, one_slot = 1, readers_max = IFD_READERS_MAX;
static const char vendor_name[] = "OpenUKey";

#define CAPABILITY(tag, value)                 \
	{                                      \
		(tag), &(value), sizeof(value) \
	}

static const struct {
	DWORD tag;
	const void *value;
	size_t len;
} capabilities[] = {
	CAPABILITY(TAG_IFD_SIMULTANEOUS_ACCESS, readers_max),
	CAPABILITY(TAG_IFD_SLOTS_NUMBER, one_slot),
	CAPABILITY(TAG_IFD_THREAD_SAFE, yes),
	CAPABILITY(TAG_IFD_SLOT_THREAD_SAFE, no),
	CAPABILITY(TAG_IFD_POLLING_THREAD_WITH_TIMEOUT, polling_thread),
	CAPABILITY(TAG_IFD_STOP_POLLING_THREAD, stop_polling_thread),
	CAPABILITY(SCARD_ATTR_VENDOR_NAME, vendor_name),
};

RESPONSECODE
IFDHGetCapabilities(DWORD Lun, DWORD Tag, PDWORD Length, PUCHAR Value)
{
	const struct ifd_reader *reader = ifd_reader_find(Lun);

	if (Tag == TAG_IFD_ATR || Tag == SCARD_ATTR_ATR_STRING) {
		if (reader == NULL)
			return IFD_COMMUNICATION_ERROR;
		return give_value(uk_span_of(reader->atr, reader->atr_len), Length, Value);
	}
	if (Tag == TAG_IFD_POLLING_THREAD_KILLABLE)
		return give_value(
			uk_span_of(reader != NULL && reader->link->cancellable ? &yes : &no, 1),
			Length, Value);
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++)
		if (capabilities[i].tag == Tag)
			return give_value(uk_span_of(capabilities[i].value, capabilities[i].len),
					  Length, Value);
	*Length = 0;
	return IFD_ERROR_TAG;
}

RESPONSECODE
IFDHSetCapabilities(DWORD Lun, DWORD Tag, DWORD Length, PUCHAR Value)
{
	return IFD_NOT_SUPPORTED;
}

/* The key speaks whole APDUs, which is what T=1 looks like from above. */
RESPONSECODE
IFDHSetProtocolParameters(DWORD Lun, DWORD Protocol, UCHAR Flags, UCHAR PTS1, UCHAR PTS2,
			  UCHAR PTS3)
{
	return Protocol == SCARD_PROTOCOL_T1 ? IFD_SUCCESS : IFD_PROTOCOL_NOT_SUPPORTED;
}

static const struct {
	DWORD action;
	enum ifd_power power;
} powers[] = {
	{IFD_POWER_UP, IFD_COLD_START},
	{IFD_RESET, IFD_WARM_START},
	{IFD_POWER_DOWN, IFD_OFF},
};

RESPONSECODE
IFDHPowerICC(DWORD Lun, DWORD Action, PUCHAR Atr, PDWORD AtrLength)
{
	struct ifd_reader *reader = ifd_reader_find(Lun);

	if (reader == NULL)
		return IFD_COMMUNICATION_ERROR;
	for (size_t i = 0; i < ARRAY_SIZE(powers); i++) {
		if (powers[i].action != Action)
			continue;
		if (ifd_reader_power(reader, powers[i].power) != UK_OK)
			return IFD_ERROR_POWER_ACTION;
		return give_value(uk_span_of(reader->atr, reader->atr_len), AtrLength, Atr);
	}
	return IFD_NOT_SUPPORTED;
}

RESPONSECODE
IFDHTransmitToICC(DWORD Lun, SCARD_IO_HEADER SendPci, PUCHAR TxBuffer, DWORD TxLength,
		  PUCHAR RxBuffer, PDWORD RxLength, PSCARD_IO_HEADER RecvPci)
{
	struct ifd_reader *reader = ifd_reader_find(Lun);
	struct uk_writer reply = uk_writer_of(RxBuffer, *RxLength);
	enum uk_status st;

	*RxLength = 0;
	if (reader == NULL)
		return IFD_COMMUNICATION_ERROR;
	st = reader->link->transmit(reader->conn, uk_span_of(TxBuffer, TxLength), &reply);
	if (st != UK_OK)
		return response_of(st);
	*RxLength = reply.len;
	if (RecvPci != NULL)
		RecvPci->Protocol = SendPci.Protocol;
	return IFD_SUCCESS;
}

/* PC/SC part 10, 2.2: tag, length, control code in big-endian order. */
static void
put_features(struct uk_writer *out)
{
	uk_put_u8(out, FEATURE_GET_TLV_PROPERTIES);
	uk_put_u8(out, 4);
	uk_put_u32(out, UK_BIG_ENDIAN, CONTROL_TLV_PROPERTIES);
}

/* PC/SC part 10, 2.6.14: tag, length, value in little-endian order. */
static void
put_properties(struct uk_writer *out, const struct ifd_reader *reader)
{
	struct ifd_description key;

	reader->link->describe(reader->conn, &key);
	uk_put_u8(out, PCSCv2_PART10_PROPERTY_dwMaxAPDUDataSize);
	uk_put_u8(out, 4);
	uk_put_u32(out, UK_LITTLE_ENDIAN, key.max_data);
	uk_put_u8(out, PCSCv2_PART10_PROPERTY_wIdVendor);
	uk_put_u8(out, 2);
	uk_put_u16(out, UK_LITTLE_ENDIAN, key.vendor);
	uk_put_u8(out, PCSCv2_PART10_PROPERTY_wIdProduct);
	uk_put_u8(out, 2);
	uk_put_u16(out, UK_LITTLE_ENDIAN, key.product);
}

RESPONSECODE
IFDHControl(DWORD Lun, DWORD dwControlCode, PUCHAR TxBuffer, DWORD TxLength, PUCHAR RxBuffer,
	    DWORD RxLength, LPDWORD pdwBytesReturned)
{
	const struct ifd_reader *reader = ifd_reader_find(Lun);
	struct uk_writer out = uk_writer_of(RxBuffer, RxLength);

	*pdwBytesReturned = 0;
	if (reader == NULL)
		return IFD_COMMUNICATION_ERROR;
	if (dwControlCode == (DWORD)CM_IOCTL_GET_FEATURE_REQUEST)
		put_features(&out);
	else if (dwControlCode == CONTROL_TLV_PROPERTIES)
		put_properties(&out, reader);
	else
		return IFD_ERROR_NOT_SUPPORTED;

	if (out.overflow)
		return IFD_ERROR_INSUFFICIENT_BUFFER;
	*pdwBytesReturned = out.len;
	return IFD_SUCCESS;
}

RESPONSECODE
IFDHICCPresence(DWORD Lun)
{
	const struct ifd_reader *reader = ifd_reader_find(Lun);

	if (reader == NULL)
		return IFD_COMMUNICATION_ERROR;
	cancel_in_wait_only(); /* the thread's first call */
	return reader->link->present(reader->conn) ? IFD_ICC_PRESENT : IFD_ICC_NOT_PRESENT;
}
