// The device as the logic wants it, made of the platform's parts, and where the phone's folder lies.
#if canImport(UIKit) && os(iOS)
import Foundation
import UIKit
import XungeLogic

@MainActor
private final class SystemDialler: Dialler {
    func dial(_ number: String) -> Bool {
        guard let url = URL(string: "tel:\(number)"), UIApplication.shared.canOpenURL(url) else { return false }
        UIApplication.shared.open(url)
        return true
    }
}

extension Shell {
    /// The shell of the app, on a folder that goes into no backup.
    @MainActor
    public static func ofThisDevice(background: any BackgroundWork) throws -> Shell {
        let support = try FileManager.default.url(for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
        let folder = try protected(support.appendingPathComponent("phone"))
        let scratch = try protected(support.appendingPathComponent("scratch"))
        let device = Device(
            voice: SystemVoice(), recorder: SystemRecorder(), player: SystemPlayer(), background: background, dialler: SystemDialler(),
            listener: SystemListener(),
            carried: { key, language in Bundle.main.url(forResource: key, withExtension: "mp3", subdirectory: "voice/\(language)") },
            relay: Bundle.main.object(forInfoDictionaryKey: "XungeRelay") as? String ?? "", room: { Self.room(support) },
            reach: { file in
                let scoped = file.startAccessingSecurityScopedResource()
                return { if scoped { file.stopAccessingSecurityScopedResource() } }
            },
            now: Date.init)
        return Shell(folder: folder, scratch: scratch, keyStore: Keychain(), settings: .init(.standard), device: device)
    }

    private static func room(_ folder: URL) -> Int64 {
        let values = try? folder.resourceValues(forKeys: [.volumeAvailableCapacityForImportantUsageKey])
        return values?.volumeAvailableCapacityForImportantUsage ?? .max
    }

    /// Readable in the background once the device was unlocked since its start, and excluded from every backup.
    private static func protected(_ folder: URL) throws -> URL {
        let protection = [FileAttributeKey.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication]
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: protection)
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        var folder = folder
        try folder.setResourceValues(values)
        return folder
    }
}
#endif
