PATH=/usr/bin:/bin
eval "$buildCommand"
