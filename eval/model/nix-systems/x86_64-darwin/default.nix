[ "x86_64-darwin" ]
