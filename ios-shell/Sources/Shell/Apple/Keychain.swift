// Keeps the phone's secret in the Keychain of this device alone. It can be read once the device was unlocked since its start,
// so that background sync works, and goes into no backup.
#if canImport(Security) && os(iOS)
import Foundation
import Security
import XungeLogic

public final class Keychain: KeyStore, @unchecked Sendable {
    private let item: [CFString: Any] = [
        kSecClass: kSecClassGenericPassword,
        kSecAttrService: "xunge",
        kSecAttrAccount: "secret",
    ]

    public init() {}

    public func load() throws -> Data? {
        var found: CFTypeRef?
        let query = item.merging([kSecReturnData: true, kSecMatchLimit: kSecMatchLimitOne]) { _, new in new }
        switch SecItemCopyMatching(query as CFDictionary, &found) {
        case errSecSuccess: return found as? Data
        case errSecItemNotFound: return nil
        case let status: throw KeyStoreError.Failed(detail: "the Keychain does not give the secret back: \(status)")
        }
    }

    public func save(secret: Data) throws {
        let kept: [CFString: Any] = [kSecValueData: secret, kSecAttrAccessible: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly]
        var status = SecItemUpdate(item as CFDictionary, kept as CFDictionary)
        if status == errSecItemNotFound {
            status = SecItemAdd(item.merging(kept) { _, new in new } as CFDictionary, nil)
        }
        guard status == errSecSuccess else { throw KeyStoreError.Failed(detail: "the Keychain does not take the secret: \(status)") }
    }
}
#endif
