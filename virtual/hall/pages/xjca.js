// SPDX-License-Identifier: LGPL-2.1-or-later
// A login page in the shape of Xinjiang's: a control made by name, the hall's password and the PIN.
var control = null;

function findControl() {
	var names = ["xjcaTechATL.xjcaTech", "XjcaFgwATL.XjcaFgw"], i;
	for (i = 0; i < names.length && !control; i++) {
		try {
			control = new ActiveXObject(names[i]);
		} catch (error) {
			control = null;
		}
	}
	document.body.dataset.control = control ? "yes" : "no";
	return control;
}
