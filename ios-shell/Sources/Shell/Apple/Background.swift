// Sends in the background when there is a network: soon after something was saved, and again while anything may help. With the
// app locked, what was sealed at lock still goes out; no PIN is needed.
#if canImport(BackgroundTasks) && os(iOS)
import BackgroundTasks
import Foundation
import XungeLogic

@MainActor
public final class BackgroundSync: BackgroundWork {
    /// As in the app's `BGTaskSchedulerPermittedIdentifiers`.
    public static let task = "org.xunge.shell.sync"
    private static let hour: Double = 3_600

    public init() {}

    /// To be called once, before the app has finished launching.
    public func serve(_ shell: @escaping @MainActor () -> Shell) {
        _ = BGTaskScheduler.shared.register(forTaskWithIdentifier: Self.task, using: .main) { task in
            MainActor.assumeIsolated { self.run(task, shell()) }
        }
    }

    private func run(_ task: BGTask, _ shell: Shell) {
        let running = Task {
            let again = await shell.syncInBackground()
            if again { soon() } else { later() }
            task.setTaskCompleted(success: !again)
        }
        // The system wants its time back. What went through is kept.
        task.expirationHandler = {
            Task { @MainActor in shell.stopSync() }
            running.cancel()
        }
    }

    public func soon() { ask(notBefore: nil) }

    private func later() { ask(notBefore: Date(timeIntervalSinceNow: Self.hour)) }

    private func ask(notBefore: Date?) {
        let request = BGProcessingTaskRequest(identifier: Self.task)
        request.requiresNetworkConnectivity = true
        request.requiresExternalPower = false
        request.earliestBeginDate = notBefore
        // Refused in the simulator and where the person has switched background work off; "send now" still sends.
        try? BGTaskScheduler.shared.submit(request)
    }
}
#endif
