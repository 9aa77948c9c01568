"""Who owns a bucket's name: MiniStack goes through the buckets of all accounts while the threads of other stacks make some.

A run of many would now and then fail for `dictionary changed size during iteration`, which no AWS says.
"""

_fired = {"bucketNames": False}


def install() -> None:
    """Replace the look; the provisioner and the API call it by its module."""
    from ministack.services import s3

    def owner(name: str) -> str | None:
        _fired["bucketNames"] = True
        # a copy is made at once, whatever other threads do
        return next((account for account, bucket in list(s3._buckets._data) if bucket == name), None)

    s3._bucket_owner_account = owner


def fired() -> dict:
    """Which hooks have been used since the start."""
    return dict(_fired)
