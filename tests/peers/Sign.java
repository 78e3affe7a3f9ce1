// SPDX-License-Identifier: LGPL-2.1-or-later
// Sign.java CONFIG DATA OUT: a signature with each RSA mechanism through SunPKCS11; the PIN is asked
// on standard input, as a program of one's own would.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.Signature;
import java.security.cert.Certificate;
import java.util.Collections;

public class Sign {
	public static void main(String[] args) throws Exception {
		Provider provider = Security.getProvider("SunPKCS11").configure(args[0]);
		byte[] data = Files.readAllBytes(Path.of(args[1]));
		System.out.print("PIN: ");
		String pin = new BufferedReader(new InputStreamReader(System.in)).readLine();
		KeyStore store = KeyStore.getInstance("PKCS11", provider);
		store.load(null, pin.toCharArray());
		for (String alias : Collections.list(store.aliases())) {
			Certificate certificate = store.getCertificate(alias);
			System.out.println("alias " + alias + " key " + store.isKeyEntry(alias));
			if (!store.isKeyEntry(alias) || alias.contains("encryption"))
				continue;
			PrivateKey key = (PrivateKey) store.getKey(alias, null);
			for (String hash : new String[] {"SHA1", "SHA256", "SHA384", "SHA512"}) {
				Signature signer = Signature.getInstance(hash + "withRSA", provider);
				signer.initSign(key);
				signer.update(data);
				byte[] signature = signer.sign();
				Signature verifier = Signature.getInstance(hash + "withRSA", "SunRsaSign");
				verifier.initVerify(certificate);
				verifier.update(data);
				System.out.println(hash + " verified " + verifier.verify(signature));
				if (hash.equals("SHA256"))
					Files.write(Path.of(args[2]), signature);
			}
		}
	}
}
