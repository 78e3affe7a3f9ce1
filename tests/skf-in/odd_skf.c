/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A maker's library as one may meet it: ULONG of 64 bits, handles that are ints, structures with
 * gaps, numbers on the left; it dies of a wrong handle.  It wraps libopenukey-skf.so.
 */
#include "tests/skf-in/odd_abi.h"

#include <string.h>

/* ---- devices ---- */

SKF_OUT(WaitForDevEvent, char *name, WIDE *size, WIDE *event)
{
	ULONG what = 0;
	ULONG len = (ULONG)*size;
	ULONG sar = INNER(WaitForDevEvent)(name, &len, &what);

	*size = len;
	*event = what;
	return sar;
}

SKF_OUT(EnumDev, BOOL present, char *list, WIDE *size)
{
	BEGIN(EnumDev);
	WIDE room = *size;
	WITH_LEN(INNER(EnumDev)(present, list, &len));
	unended(order, list, room);
	END;
}

SKF_OUT(ConnectDev, char *name, NUMBER *ret)
{
	BEGIN(ConnectDev);
	void *handle;
	sar = INNER(ConnectDev)(name, &handle);
	if (sar == SAR_OK)
		*ret = number_of(DEVICE, handle);
	END;
}

SKF_OUT(DisConnectDev, NUMBER device)
{
	return INNER(DisConnectDev)(handle_end(device, DEVICE));
}

SKF_OUT(SetLabel, NUMBER device, char *label)
{
	return INNER(SetLabel)(handle_of(device, DEVICE), label);
}

SKF_OUT(GetDevInfo, NUMBER device, struct odd_devinfo *out)
{
	BEGIN(GetDevInfo);
	DEVINFO in = {0};
	sar = INNER(GetDevInfo)(handle_of(device, DEVICE), &in);
	if (sar == SAR_OK) {
		*out = (struct odd_devinfo){.version = in.Version,
					    .hardware = in.HWVersion,
					    .firmware = in.FirmwareVersion,
					    .numbers = {in.AlgSymCap, in.AlgAsymCap, in.AlgHashCap,
							in.DevAuthAlgId, in.TotalSpace,
							in.FreeSpace}};
		memcpy(out->manufacturer, in.Manufacturer, sizeof(out->manufacturer));
		memcpy(out->issuer, in.Issuer, sizeof(out->issuer));
		memcpy(out->label, in.Label, sizeof(out->label));
		memcpy(out->serial, in.SerialNumber, sizeof(out->serial));
		unended(order, out->manufacturer, sizeof(out->manufacturer));
		unended(order, out->serial, sizeof(out->serial));
	}
	END;
}

SKF_OUT(LockDev, NUMBER device, WIDE ms)
{
	return INNER(LockDev)(handle_of(device, DEVICE), (ULONG)ms);
}

SKF_OUT(UnlockDev, NUMBER device)
{
	return INNER(UnlockDev)(handle_of(device, DEVICE));
}

SKF_OUT(GenRandom, NUMBER device, BYTE *out, WIDE len)
{
	BEGIN(GenRandom);
	sar = INNER(GenRandom)(handle_of(device, DEVICE), out, (ULONG)len);
	END;
}

SKF_OUT(ChangeDevAuthKey, NUMBER device, BYTE *key, WIDE len)
{
	return INNER(ChangeDevAuthKey)(handle_of(device, DEVICE), key, (ULONG)len);
}

SKF_OUT(DevAuth, NUMBER device, BYTE *proof, WIDE len)
{
	return INNER(DevAuth)(handle_of(device, DEVICE), proof, (ULONG)len);
}

/* ---- PINs ---- */

SKF_OUT(GetPINInfo, NUMBER app, WIDE type, WIDE *max, WIDE *left, BOOL *is_default)
{
	BEGIN(GetPINInfo);
	ULONG most = 0, remain = 0;
	sar = INNER(GetPINInfo)(handle_of(app, APPLICATION), (ULONG)type, &most, &remain,
				is_default);
	*max = most;
	*left = remain;
	lie(order, left);
	END;
}

SKF_OUT(VerifyPIN, NUMBER app, WIDE type, char *pin, WIDE *left)
{
	BEGIN(VerifyPIN);
	ULONG remain = 0;
	sar = INNER(VerifyPIN)(handle_of(app, APPLICATION), (ULONG)type, pin, &remain);
	*left = remain;
	lie(order, left);
	END;
}

SKF_OUT(ChangePIN, NUMBER app, WIDE type, char *old_pin, char *new_pin, WIDE *left)
{
	BEGIN(ChangePIN);
	ULONG remain = 0;
	sar = INNER(ChangePIN)(handle_of(app, APPLICATION), (ULONG)type, old_pin, new_pin, &remain);
	*left = remain;
	END;
}

SKF_OUT(UnblockPIN, NUMBER app, char *admin_pin, char *new_pin, WIDE *left)
{
	BEGIN(UnblockPIN);
	ULONG remain = 0;
	sar = INNER(UnblockPIN)(handle_of(app, APPLICATION), admin_pin, new_pin, &remain);
	*left = remain;
	END;
}

SKF_OUT(ClearSecureState, NUMBER app)
{
	return INNER(ClearSecureState)(handle_of(app, APPLICATION));
}

/* ---- applications, files ---- */

SKF_OUT(CreateApplication, NUMBER device, char *name, char *admin_pin, unsigned int admin_tries,
	char *user_pin, unsigned int user_tries, unsigned int rights, NUMBER *ret)
{
	void *handle;
	ULONG sar = INNER(CreateApplication)(handle_of(device, DEVICE), name, admin_pin,
					     admin_tries, user_pin, user_tries, rights, &handle);

	if (sar == SAR_OK)
		*ret = number_of(APPLICATION, handle);
	return sar;
}

SKF_OUT(EnumApplication, NUMBER device, char *list, WIDE *size)
{
	BEGIN(EnumApplication);
	WIDE room = *size;
	WITH_LEN(INNER(EnumApplication)(handle_of(device, DEVICE), list, &len));
	unended(order, list, room);
	END;
}

SKF_OUT(DeleteApplication, NUMBER device, char *name)
{
	return INNER(DeleteApplication)(handle_of(device, DEVICE), name);
}

SKF_OUT(OpenApplication, NUMBER device, char *name, NUMBER *ret)
{
	BEGIN(OpenApplication);
	void *handle;
	sar = INNER(OpenApplication)(handle_of(device, DEVICE), name, &handle);
	if (sar == SAR_OK)
		*ret = number_of(APPLICATION, handle);
	END;
}

SKF_OUT(CloseApplication, NUMBER app)
{
	return INNER(CloseApplication)(handle_end(app, APPLICATION));
}

SKF_OUT(CreateFile, NUMBER app, char *name, WIDE size, WIDE read, WIDE write)
{
	return INNER(CreateFile)(handle_of(app, APPLICATION), name, (ULONG)size, (ULONG)read,
				 (ULONG)write);
}

SKF_OUT(DeleteFile, NUMBER app, char *name)
{
	return INNER(DeleteFile)(handle_of(app, APPLICATION), name);
}

SKF_OUT(EnumFiles, NUMBER app, char *list, WIDE *size)
{
	BEGIN(EnumFiles);
	WITH_LEN(INNER(EnumFiles)(handle_of(app, APPLICATION), list, &len));
	END;
}

SKF_OUT(GetFileInfo, NUMBER app, char *name, struct odd_file *out)
{
	FILEATTRIBUTE in = {0};
	ULONG sar = INNER(GetFileInfo)(handle_of(app, APPLICATION), name, &in);

	*out = (struct odd_file){
		.size = in.FileSize, .read = in.ReadRights, .write = in.WriteRights};
	return sar;
}

SKF_OUT(ReadFile, NUMBER app, char *name, WIDE offset, WIDE wanted, BYTE *out, WIDE *size)
{
	BEGIN(ReadFile);
	WITH_LEN(INNER(ReadFile)(handle_of(app, APPLICATION), name, (ULONG)offset, (ULONG)wanted,
				 out, &len));
	END;
}

SKF_OUT(WriteFile, NUMBER app, char *name, WIDE offset, BYTE *data, WIDE len)
{
	return INNER(WriteFile)(handle_of(app, APPLICATION), name, (ULONG)offset, data, (ULONG)len);
}
