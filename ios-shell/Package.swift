// swift-tools-version: 6.0
// The iOS app in three layers: Core is generated from the Rust library, Logic knows what a screen says and does, Shell
// draws it. Logic needs no Apple framework, so that its tests run on Linux too. `cargo xtask ios` and `cargo xtask test
// ios` fill `Generated`.
import PackageDescription

#if os(Linux)
// The library itself is found by `-L` and the loader's path.
let library = Target.systemLibrary(name: "xungeFFI", path: "Generated/xungeFFI")
#else
let library = Target.binaryTarget(name: "xungeFFI", path: "Generated/xungeFFI.xcframework")
#endif

let package = Package(
    name: "Xunge",
    defaultLocalization: "zh-Hans",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [
        .library(name: "XungeLogic", targets: ["XungeLogic"]),
        .library(name: "XungeShell", targets: ["XungeShell"]),
    ],
    targets: [
        library,
        .target(
            name: "XungeCore",
            dependencies: ["xungeFFI"],
            path: "Generated/Core",
            // What the generator writes is not written for the rules of Swift 6.
            swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: [
                .linkedLibrary("xunge_ffi", .when(platforms: [.linux])),
                .linkedFramework("Security", .when(platforms: [.iOS, .macOS])),
                .linkedFramework("SystemConfiguration", .when(platforms: [.iOS, .macOS])),
            ]
        ),
        .target(
            name: "XungeLogic",
            dependencies: ["XungeCore"],
            path: "Sources/Logic",
            resources: [.process("Resources")]
        ),
        .target(
            name: "XungeShell",
            dependencies: ["XungeLogic"],
            path: "Sources/Shell",
            // Apple's media and background frameworks call back outside of what Swift 6 can prove.
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
        .testTarget(
            name: "LogicTests",
            dependencies: ["XungeLogic"],
            path: "Tests/LogicTests"
        ),
    ]
)
